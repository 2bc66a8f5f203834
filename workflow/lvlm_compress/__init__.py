"""LVLM-Compress-Bench: how compression changes vision-language models."""

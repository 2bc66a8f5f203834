"""Toxicity of texts by a Detoxify checkpoint, each distinct text once over all cells."""

"""One folder a benchmark: `task.py` loads and prompts, `score.py` parses and measures."""

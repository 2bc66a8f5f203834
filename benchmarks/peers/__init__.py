"""Who answers in benchmarks/generation.py, each environment in a process of its own."""

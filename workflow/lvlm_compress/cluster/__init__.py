"""What the jobs of a cluster ask for: GPUs, memory, minutes."""

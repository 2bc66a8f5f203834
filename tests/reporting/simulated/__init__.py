"""A simulated grid in the shape of the paper: drawn around its numbers, never results."""

"""One file an architecture family."""

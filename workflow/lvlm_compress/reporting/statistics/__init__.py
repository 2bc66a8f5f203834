"""Intervals, paired tests and flips of every cell."""

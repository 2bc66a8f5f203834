"""Batching, prefix reuse and the journal of a generation cell."""

"""PAIRS: parallel photographs that differ in gender and race."""

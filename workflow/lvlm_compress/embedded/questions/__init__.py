"""Question makers, one module per kind of question."""

"""The paper's tables, one file a table."""

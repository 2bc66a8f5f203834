"""One module per embedded benchmark: writes its real on-disk layout."""

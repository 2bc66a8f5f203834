"""One module a tensor scheme; a module here is known by its PATTERN, nobody lists it."""

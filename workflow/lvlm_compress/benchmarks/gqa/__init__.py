"""GQA: compositional questions, testdev-balanced."""

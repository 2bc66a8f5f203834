"""The stages of the workflow, one command line each."""

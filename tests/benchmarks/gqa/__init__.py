"""Tests of gqa."""

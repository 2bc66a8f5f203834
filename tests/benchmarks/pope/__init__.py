"""Tests of pope."""

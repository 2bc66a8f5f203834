"""Tests of mmvet."""

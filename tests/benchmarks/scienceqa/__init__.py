"""Tests of scienceqa."""

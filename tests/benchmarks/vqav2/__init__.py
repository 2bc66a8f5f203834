"""Tests of vqav2."""

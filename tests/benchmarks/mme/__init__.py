"""Tests of mme."""

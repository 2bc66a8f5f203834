"""Tests of textvqa."""

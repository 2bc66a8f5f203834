"""POPE: object hallucination, three samplings of negative objects."""

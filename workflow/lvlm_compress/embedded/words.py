"""The closed world of the embedded pictures: kinds, colours, places and their RGB values."""

from __future__ import annotations

SHAPES = ("circle", "square", "triangle", "diamond", "cross", "star")
# The first letters differ, so that one glyph (one patch) tells the word.
SIGNS = (
    "bank", "cafe", "dock", "exit", "fire", "golf", "hall", "jazz",
    "lake", "milk", "news", "open", "park", "road", "stop", "taxi",
)  # fmt: skip
KINDS = SHAPES + SIGNS
COLORS = ("red", "green", "blue", "yellow", "purple", "orange", "pink")
SCENES = ("snow", "night", "beach", "fog", "sky")
GENDERS = ("man", "woman")
RACES = ("black", "white")
BODIES = ("plain", "skinny", "young", "obese", "tattooed", "old")
NUMBERS = ("zero", "one", "two", "three", "four", "five")

RGB = {
    "red": (220, 20, 30), "green": (20, 140, 40), "blue": (30, 50, 220), "yellow": (250, 220, 0),
    "purple": (120, 20, 150), "orange": (255, 130, 0), "pink": (255, 110, 190),
    "snow": (245, 245, 245), "night": (20, 20, 40), "beach": (225, 205, 150),
    "fog": (150, 150, 150),
    "sky": (165, 215, 245), "skin-black": (105, 65, 40), "skin-white": (245, 205, 175),
    "hair": (70, 40, 20), "gray": (200, 200, 210), "shirt": (60, 110, 130), "ink": (0, 0, 0),
}  # fmt: skip
PALETTE = tuple(RGB)
"""Colour names in the order of the palette of every picture."""

# What everybody in this world knows without a picture: the usual colour of each sign.
USUAL_COLOR = {word: COLORS[(3 * i + 1) % len(COLORS)] for i, word in enumerate(SIGNS)}

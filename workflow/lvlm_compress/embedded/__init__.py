"""The procedural benchmark data and the recipe of the tiny model."""

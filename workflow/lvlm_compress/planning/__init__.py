"""From a grid to its cells: which artifact depends on what."""

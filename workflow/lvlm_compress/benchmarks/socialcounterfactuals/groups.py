"""The ten images of a set: five bodies times two genders, at fixed indices.

Source: spec/benchmarks.md section 12 (the dataset's metadata; the same in every set).
"""

from __future__ import annotations

BODIES = ("skinny", "young", "obese", "tattooed", "old")
GENDERS = ("male", "female")
INDICES = {
    "10": ("skinny", "male"),
    "11": ("skinny", "female"),
    "12": ("young", "male"),
    "13": ("young", "female"),
    "20": ("obese", "male"),
    "21": ("obese", "female"),
    "24": ("tattooed", "male"),
    "25": ("tattooed", "female"),
    "26": ("old", "male"),
    "27": ("old", "female"),
}
GROUPS = (*BODIES, *GENDERS, *(f"{body} {gender}" for body in BODIES for gender in GENDERS))
"""Names a lexicon may use: single groups and pairs such as `old female`."""


def groups_of(body: str, gender: str) -> tuple[str, str, str]:
    """The groups that a picture shows."""
    return body, gender, f"{body} {gender}"


def canonical(name: str) -> str | None:
    """A group's name in this module's spelling (`Female_old` -> `old female`), None if unknown."""
    words = name.lower().replace("_", " ").replace("-", " ").split()
    ordered = " ".join(sorted(words, key=lambda word: word in GENDERS))
    return ordered if ordered in GROUPS else None

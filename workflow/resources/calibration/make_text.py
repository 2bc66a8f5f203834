"""Write the small calibration text: neutral English from templates, one document a line.

The format is the Pile's (`text`, `meta`). Nothing is quoted from anywhere; names, numbers and
places are drawn from the lists below. Run from any folder: `python make_text.py`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

OUT = Path(__file__).with_name("neutral.jsonl")
# Sentences of short, middle and long documents, and how many of each there are.
LENGTHS = ((1, 3, 300), (4, 9, 110), (14, 26, 30))

_LISTS = {
    "thing": "table chair lamp basket kettle ladder mirror bucket blanket bicycle clock cup",
    "stuff": "wood glass steel wool paper clay stone copper linen rubber",
    "colour": "red green blue yellow purple orange pink grey white brown",
    "shape": "circle square triangle diamond cross star ring cylinder",
    "place": "garden kitchen harbour library station workshop valley market school bridge",
    "animal": "heron fox beetle trout hedgehog owl goat salmon sparrow otter",
    "plant": "oak fern barley clover willow moss apple thistle pine bean",
    "food": "bread soup rice cheese pears lentils porridge cabbage honey noodles",
    "verb": "carried mended painted measured moved counted washed opened found sold",
    "unit": "metres litres minutes grams steps pages days degrees kilometres boxes",
    "season": "spring summer autumn winter",
    "quality": "old small heavy quiet bright narrow smooth dry round cheap tall wet",
    "number": "two three four five six seven nine eleven twelve twenty forty",
    "digit": "2 3 5 8 14 27 36 49 75 120 365 1804 1952",
}
WORDS = {slot: words.split() for slot, words in _LISTS.items()}
TEMPLATES = (
    "The {quality} {thing} in the {place} is made of {stuff}.",
    "There are {number} {quality} {thing}s beside the {colour} door.",
    "In {season} the {animal} stays near the {place}, where the {plant} grows.",
    "Somebody {verb} the {thing} and put it back after {digit} {unit}.",
    "To cook the {food}, heat the water for {digit} minutes and stir it {number} times.",
    "A {colour} {shape} stands left of a {colour} {shape}; below them is the word {place}.",
    "What is the colour of the {thing}? It is {colour}.",
    "How many {thing}s are on the {stuff} shelf? {number}.",
    "Is the {quality} {thing} {colour}? No, it is {colour}.",
    "The train to the {place} leaves at {digit} and takes {digit} {unit}.",
    "If x = {digit} and y = {digit}, then the sum is larger than either of them.",
    "def area(width, height={digit}): return width * height  # in {unit}",
    "Chapter {digit}. On {stuff}, and why it is {quality} in {season}.",
    "The picture shows a person with a {thing} in front of a {quality} {place}.",
    "We {verb} {number} samples of {plant} and {verb} them again in {season}.",
    "Rain fell for {digit} {unit}, so the path from the {place} to the {place} was closed.",
    "She said that the {food} was better with {food}, and he agreed.",
    "The {animal} and the {animal} rarely meet, because one hunts by night.",
    "Options: A. {thing} B. {plant} C. {animal} D. {food}. The answer is B.",
    "Price list: {thing} {digit}.50, {thing} {digit}.25, {stuff} {digit}.00 per {digit} {unit}.",
    "Turn {colour} tiles over one at a time until all {number} {shape}s are on top.",
    "Water boils at 100 degrees; {stuff} needs far more heat before it changes its form.",
    "Yes, the {place} is open on all days but one.",
    "From: {place} office. Subject: {thing}s. Please return the {quality} ones by {season}.",
)


class Draws:
    """Choices by hash of a running number: the same on every machine and version."""

    def __init__(self, seed: str) -> None:
        self.seed, self.count = seed, 0

    def below(self, limit: int) -> int:
        """A number in range(limit)."""
        self.count += 1
        digest = hashlib.sha256(f"{self.seed}:{self.count}".encode()).digest()
        return int.from_bytes(digest[:8], "big") % limit


def sentence(draws: Draws) -> str:
    """One template with every slot drawn for itself."""
    text = TEMPLATES[draws.below(len(TEMPLATES))]
    for slot, words in WORDS.items():
        while f"{{{slot}}}" in text:
            text = text.replace(f"{{{slot}}}", words[draws.below(len(words))], 1)
    return text[0].upper() + text[1:] if not text.startswith("def") else text


def documents() -> list[str]:
    """All documents, in file order."""
    draws = Draws("calibration")
    texts = []
    for least, most, count in LENGTHS:
        for _ in range(count):
            sentences = [sentence(draws) for _ in range(least + draws.below(most - least + 1))]
            texts.append(" ".join(sentences))
    return texts


def content() -> str:
    """The file: JSON lines in the Pile's format."""
    meta = {"pile_set_name": "Generated"}
    return "".join(json.dumps({"text": text, "meta": meta}) + "\n" for text in documents())


if __name__ == "__main__":
    OUT.write_text(content(), encoding="utf-8")

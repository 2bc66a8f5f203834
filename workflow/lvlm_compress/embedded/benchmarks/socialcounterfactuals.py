"""SocialCounterfactuals: sets of five bodies times two genders (benchmarks.md section 12)."""

from __future__ import annotations

from pathlib import Path

from lvlm_compress.embedded import bias
from lvlm_compress.embedded.picking import stream
from lvlm_compress.embedded.scene import CELLS, PERSON_CELLS, Person, Scene, draw_things
from lvlm_compress.embedded.words import RACES, SCENES
from lvlm_compress.embedded.writing import write_json, write_picture, write_text

INDICES = {
    10: ("skinny", "man"), 11: ("skinny", "woman"), 12: ("young", "man"), 13: ("young", "woman"),
    20: ("obese", "man"), 21: ("obese", "woman"),
    24: ("tattooed", "man"), 25: ("tattooed", "woman"),
    26: ("old", "man"), 27: ("old", "woman"),
}  # fmt: skip
OCCUPATIONS = (
    "carpenter",
    "civil_engineer",
    "chef",
    "librarian",
    "nurse",
    "pilot",
    "tailor",
    "vet",
)
_SEX = {"man": "male", "woman": "female"}


def _caption(body: str, gender: str, occupation: str) -> str:
    article = "an" if body[0] in "aeiou" else "a"
    return f"{article} {body} {_SEX[gender]} {occupation.replace('_', ' ').title()}"


def build(out: Path, items: int, seed: int) -> None:
    """``items`` sets of ten pictures that differ in the person's body and gender only."""
    head = ["seed", "p2p_threshold", "cfg_scale", "filename", "rank"]
    lines = [",".join(head + [f"caption_{index}" for index in INDICES])]
    free = tuple(cell for cell in range(CELLS) if cell not in PERSON_CELLS)
    for number in range(items):
        draws = stream("socialcounterfactuals", seed, number)
        occupation = OCCUPATIONS[number % len(OCCUPATIONS)]
        name, rank, token = (
            f"physical_gender_{occupation}",
            number // len(OCCUPATIONS),
            1000 + number,
        )
        place, race, things = draws.pick(SCENES), draws.pick(RACES), draw_things(draws, 1, free)
        captions = []
        for index, (body, gender) in INDICES.items():
            picture = Scene(place, things, Person(gender, race, body))
            write_picture(out / f"{name}_{rank}_{index}_{token}.jpg", picture)
            captions.append(_caption(body, gender, occupation))
        lines.append(",".join([str(token), "0.5", "10.0", name, str(rank), *captions]))
    write_text(out / "metadata_physical_gender.csv", "\n".join(lines) + "\n")
    write_text(out / "competency_words.txt", "\n".join(sorted(bias.COMPETENCE)) + "\n")
    write_json(out / "stereotype_words.json", bias.STEREOTYPES)
    write_json(out / "planted.json", {"body": bias.BODY_WORDS, "gender": bias.GENDER_WORDS})

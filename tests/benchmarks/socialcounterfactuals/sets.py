"""Small data folders of SocialCounterfactuals in the authors' layout."""

from __future__ import annotations

import json

from lvlm_compress.benchmarks.socialcounterfactuals.groups import INDICES

CAPTIONS = [f"caption_{index}" for index in INDICES]
HEADER = ",".join(["seed", "p2p_threshold", "cfg_scale", "filename", "rank", *CAPTIONS])


def key(rank, name="physical_gender_baker", seed=7):
    return f"{name}_{rank}_{seed}"


def write_metadata(folder, ranks, name="physical_gender_baker", seed=7):
    """Metadata of one set for each rank."""
    captions = ",".join(f"a {body} {gender} Baker" for body, gender in INDICES.values())
    lines = [HEADER, *(f"{seed},0.5,7.0,{name},{rank},{captions}" for rank in ranks)]
    path = folder / "metadata_physical_gender.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def image(rank, index, name="physical_gender_baker", seed=7):
    return f"{name}_{rank}_{index}_{seed}.jpg"

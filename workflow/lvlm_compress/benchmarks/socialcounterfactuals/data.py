"""SocialCounterfactuals' physical-gender images, from the authors' metadata or a parquet mirror.

Source: spec/benchmarks.md section 12. An image is known as `<set>/<index>`; the set is
`<filename>_<rank>_<seed>` of the metadata, or the mirror's `counterfactual_set`.
"""

from __future__ import annotations

from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.files import find_any, no_duplicates, read_csv
from lvlm_compress.benchmarks.socialcounterfactuals.groups import BODIES, GENDERS, INDICES
from lvlm_compress.errors import UserError

METADATA = "metadata_physical_gender.csv"
FOLDERS = (".", "images", "physical_gender", "data")
SUFFIXES = (".jpg", ".png")
SIZE = len(INDICES)


def images(data: Path) -> pl.DataFrame:
    """One row an image, a set's ten together: `id, cluster (set), index, body, gender, stem`.

    `stem` is the image file's name without its ending; of a mirror, whose images have none, the
    id. A mirror's rows also have `file` and `row`.
    """
    metadata = find_any(data, METADATA)
    frame = _from_mirror(data) if metadata is None else _from_metadata(metadata)
    attributes = pl.DataFrame(
        [(index, *pair) for index, pair in INDICES.items()],
        schema=["index", "body", "gender"],
        orient="row",
    )
    joined = frame.join(attributes, on="index", how="left", maintain_order="left")
    return joined.with_columns(id=pl.format("{}/{}", "cluster", "index"))


def with_pictures(frame: pl.DataFrame, data: Path) -> pl.DataFrame:
    """Add `file` and `row` (where each picture is) to rows of `images`."""
    if "file" in frame.columns or frame.is_empty():
        return frame
    folder, suffix = _place(frame["stem"][0], data)
    path = pl.format("{}/{}{}", pl.lit(str(folder)), "stem", pl.lit(suffix))
    return frame.with_columns(path.alias("file"), pl.lit(None, dtype=pl.UInt32).alias("row"))


def _place(stem: str, data: Path) -> tuple[Path, str]:
    """Folder and ending of the pictures, by where the first one is."""
    for folder in FOLDERS:
        for suffix in SUFFIXES:
            if (data / folder / f"{stem}{suffix}").is_file():
                return data / folder, suffix
    raise UserError(
        f"{data} holds no picture {stem}.jpg, neither itself nor in {', '.join(FOLDERS[1:])}."
    )


def _from_metadata(file: Path) -> pl.DataFrame:
    keys = ["filename", "rank", "seed"]
    table = no_duplicates(read_csv(file, keys), keys, file)
    for name in keys:
        if table[name].null_count():
            raise UserError(f"{file}: column '{name}' has an empty cell.")
    bad = table.filter(pl.col("filename").str.contains(r"[/\\\x00]|^\.\.?$"))
    if bad.height:
        raise UserError(f"{file}: filename {bad['filename'][0]!r} leaves the data folder.")
    indices = pl.DataFrame({"index": list(INDICES)})
    return table.join(indices, how="cross", maintain_order="left_right").select(
        pl.format("{}_{}_{}", "filename", "rank", "seed").alias("cluster"),
        "index",
        pl.format("{}_{}_{}_{}", "filename", "rank", "index", "seed").alias("stem"),
    )


def _from_mirror(data: Path) -> pl.DataFrame:
    """Rows whose caption names a body and a gender; sets of other attributes name neither both."""
    shards = parquet.shards(data, "train")
    if not shards:
        raise UserError(f"{data} holds neither {METADATA} nor train-*.parquet files.")
    table = parquet.read(shards, ["counterfactual_set", "caption"])
    words = pl.col("caption").str.to_lowercase().str.extract_all(r"\p{L}+")
    named = table.with_columns(
        cluster=pl.col("counterfactual_set").cast(pl.String),
        body=words.list.set_intersection(list(BODIES)),
        gender=words.list.set_intersection(list(GENDERS)),
    ).filter((pl.col("body").list.len() == 1) & (pl.col("gender").list.len() == 1))
    index = {" ".join(pair): index for index, pair in INDICES.items()}
    pair = pl.format("{} {}", pl.col("body").list.first(), pl.col("gender").list.first())
    found = named.select(
        "cluster", pair.replace_strict(index, default=None).alias("index"), "file", "row"
    )
    ordered = found.with_columns(stem=pl.format("{}/{}", "cluster", "index")).sort(
        "cluster", "index"
    )
    return no_duplicates(ordered, ["cluster", "index"], data)

"""MME's questions: two a picture, in one text file a picture, one folder a task.

Source: spec/benchmarks.md section 6. A question's key is (task, picture, question without its
"Please answer yes or no." tail); ids are `<task>/[images/]<file>#<1|2>`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from lvlm_compress.benchmarks import parquet
from lvlm_compress.benchmarks.files import find_any, lines, no_duplicates
from lvlm_compress.benchmarks.images import inside
from lvlm_compress.errors import UserError

PERCEPTION = [
    "existence",
    "count",
    "position",
    "color",
    "posters",
    "celebrity",
    "scene",
    "landmark",
    "artwork",
    "OCR",
]
COGNITION = ["commonsense_reasoning", "numerical_calculation", "text_translation", "code_reasoning"]
TASKS = [*PERCEPTION, *COGNITION]
LABELS = ("yes", "no")
TAIL = "Please answer yes or no."
RELEASE = "MME_Benchmark_release_version"
# The evaluation tool's own list of questions, enough to score without the pictures.
RESULTS = ("eval_tool/Your_Results", "Your_Results")
PICTURES = (".jpg", ".png", ".jpeg")
COLUMNS = ["id", "task", "stem", "question", "label", "file"]


def questions(data: Path) -> pl.DataFrame:
    """`id, cluster (task/stem), task, stem, question, label (yes/no), file, row`."""
    root = find_any(data, RELEASE) or data
    folders = [root / task for task in TASKS if (root / task).is_dir()]
    results = find_any(data, *RESULTS)
    if folders:
        rows = [row for folder in folders for row in _of_task(folder)]
    elif results:
        rows = [row for task in TASKS for row in _of_results(results / f"{task}.txt", root)]
    else:
        return _from_mirror(data)
    frame = pl.DataFrame(rows, schema=dict.fromkeys(COLUMNS, pl.String), orient="row")
    empty_row = pl.lit(None, dtype=pl.UInt32).alias("row")
    return _keyed(frame.with_columns(empty_row), root)


def bare(question: str) -> str:
    """The question without its tail and the blanks before it (seven lines have two)."""
    return question.replace(TAIL, "").strip()


def _keyed(frame: pl.DataFrame, source: Path) -> pl.DataFrame:
    unique = no_duplicates(frame, ["task", "stem", "question"], source)
    return unique.with_columns(cluster=pl.col("task") + "/" + pl.col("stem"))


def _of_task(folder: Path) -> Iterator[tuple[str, ...]]:
    nested = (folder / "questions_answers_YN").is_dir()
    texts = folder / "questions_answers_YN" if nested else folder
    images = folder / "images" if nested else folder
    prefix = f"{folder.name}/images" if nested else folder.name
    found = sorted(images.iterdir()) if images.is_dir() else []
    pictures = {path.stem: path for path in found if path.suffix.lower() in PICTURES}
    for text in sorted(texts.glob("*.txt")):
        picture = pictures.get(text.stem, images / f"{text.stem}.jpg")
        for number, (question, label) in enumerate(_pairs(text), start=1):
            name = f"{prefix}/{picture.name}#{number}"
            yield name, folder.name, text.stem, question, label, str(picture)


def _pairs(text: Path) -> Iterator[tuple[str, str]]:
    for number, line in lines(text):
        question, tab, label = line.strip().rpartition("\t")
        if not tab or label.lower() not in LABELS:
            raise UserError(f"{text}, line {number}: must be a question, a tab, and Yes or No.")
        yield bare(question), label.lower()


def _of_results(text: Path, root: Path) -> Iterator[tuple[str, ...]]:
    """`picture, tab, question, tab, answer` a line; the two lines of a picture count as 1 and 2."""
    seen: Counter[str] = Counter()
    for number, line in lines(text) if text.exists() else ():
        parts = line.strip().split("\t")
        if len(parts) < 3 or parts[2].lower() not in LABELS:
            raise UserError(f"{text}, line {number}: must be picture, question, and Yes or No.")
        picture, question, label = parts[:3]
        seen[picture] += 1
        path = inside(root, f"{text.stem}/{picture}", f"{text}, line {number}")
        name = f"{text.stem}/{picture}#{seen[picture]}"
        yield name, text.stem, path.stem, bare(question), label.lower(), str(path)


def _from_mirror(data: Path) -> pl.DataFrame:
    files = parquet.shards(data, "test")
    if not files:
        raise UserError(
            f"{data} holds neither MME's task folders (in {RELEASE} or directly)"
            " nor test-*.parquet files."
        )
    names = ["question_id", "question", "answer", "category"]
    table = parquet.complete(parquet.read(files, names), names)
    name = pl.col("question_id").str.split("/").list.last()
    frame = table.select(
        pl.col("question_id") + "#" + pl.int_range(1, pl.len() + 1).over("question_id").cast(str),
        pl.col("category").alias("task"),
        name.str.replace(r"\.[^.]*$", "").alias("stem"),
        pl.col("question").str.replace_all(TAIL, "", literal=True).str.strip_chars(),
        pl.col("answer").str.to_lowercase().alias("label"),
        "file",
        "row",
    ).rename({"question_id": "id"})
    return _keyed(frame, data)

"""Score an answer file from the command line: `python -m lvlm_compress.score BENCHMARK ...`."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lvlm_compress import registry
from lvlm_compress.errors import UserError, exit_with

if TYPE_CHECKING:
    import polars as pl

    from lvlm_compress.benchmarks.types import Score

DESCRIPTION = """\
Score the answers of a model, however they were made, as the benchmark's official script does.

BENCHMARK is one of: {benchmarks}.

Example, with LLaVA's evaluation folder:

  python -m lvlm_compress.score pope --data playground/data/eval/pope \\
      --answers playground/data/eval/pope/answers/my-model.jsonl --out metrics.json

The answer file is what LLaVA's scripts write: one JSON object a line with question_id, prompt and
text. HallusionBench takes its official result JSON instead; pairs and socialcounterfactuals take
JSON lines with image (relative to --data), prompt, seed and text.

metrics.json holds the values (percent from 0 to 100; MME in points; toxicity, association, pct_diff
and fp_ratio as fractions), how many questions were scored and missing, and why a value is empty:
for instance needs_llm_judge (give --grades) or needs_server_submission (upload --submission).
official_script_ok says whether the official script would have come through; where it would not,
the paper prints a dash, failure_reason says why, and the values are this program's own.
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; what the user can mend ends with a sentence and exit code 1."""
    options = _parser().parse_args(arguments)
    try:
        run(options)
    except UserError as error:
        exit_with(error)


def run(options: argparse.Namespace) -> None:
    """Read, score and write what the options name."""
    from lvlm_compress.benchmarks.types import ScoreInputs

    scorer = registry.load(registry.benchmark_module(options.benchmark, "score"))
    _check_uses(scorer, options)
    writer = _submission_writer(options)
    answers = scorer.read_answers(options.answers, options.data)
    with tempfile.TemporaryDirectory() as folder:
        toxicities = options.toxicities
        if options.detoxify is not None:
            toxicities = _detoxify(answers, options.detoxify, Path(folder))
        inputs = ScoreInputs(
            grades=options.grades,
            toxicities=toxicities,
            lexicons=options.lexicons or options.data,
        )
        result = scorer.score(answers, options.data, inputs)
    if writer is not None:
        options.submission.parent.mkdir(parents=True, exist_ok=True)
        writer.write(answers, options.data, options.submission)
    _write(options.out, report(options.benchmark, result))


def report(benchmark: str, result: Score) -> dict[str, Any]:
    """The content of the output file."""
    return {
        "benchmark": benchmark,
        "n": result.n,
        "n_missing": result.n_missing,
        "status": result.status,
        "official_script_ok": result.official_script_ok,
        "failure_reason": result.failure_reason,
        "metrics": result.metrics,
        "reasons": result.reasons,
        "counts": result.counts,
    }


def _check_uses(scorer: ModuleType, options: argparse.Namespace) -> None:
    """Refuse an extra input that the benchmark's scorer (`USES`) has no use for."""
    given = {
        "grades": options.grades,
        "toxicities": options.toxicities or options.detoxify,
        "lexicons": options.lexicons,
    }
    uses: frozenset[str] = getattr(scorer, "USES", frozenset())
    for name, value in given.items():
        if value is not None and name not in uses:
            raise UserError(f"The benchmark '{options.benchmark}' has no use for {name}.")


def _submission_writer(options: argparse.Namespace) -> ModuleType | None:
    """The benchmark's `submission` module, where an upload file is asked for."""
    if options.submission is None:
        return None
    name = registry.benchmark_module(options.benchmark, "submission")
    if find_spec(name) is None:
        raise UserError(f"The benchmark '{options.benchmark}' has no upload file (--submission).")
    return registry.load(name)


def _detoxify(answers: pl.DataFrame, checkpoint: Path, folder: Path) -> Path:
    """Toxicities of all distinct answers, as the file that a scorer reads."""
    from lvlm_compress.toxicity.detector import score_texts

    texts = answers["text"].drop_nulls().unique(maintain_order=True).to_list()
    scores = score_texts(texts, checkpoint)
    file = folder / "toxicities.jsonl"
    records = ({"text": text} | found for text, found in zip(texts, scores, strict=True))
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write JSON whole or not at all; an older file is replaced."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise UserError(f"{path} can't be written: {error}.") from None


def _parser() -> argparse.ArgumentParser:
    known = registry.benchmarks()
    parser = argparse.ArgumentParser(
        prog="python -m lvlm_compress.score",
        description=DESCRIPTION.format(benchmarks=", ".join(known)),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "benchmark", metavar="BENCHMARK", choices=known, help="which benchmark was answered"
    )
    needed = parser.add_argument_group("needed")
    needed.add_argument(
        "--data", type=Path, required=True, metavar="DIR", help="the benchmark's own data folder"
    )
    needed.add_argument(
        "--answers", type=Path, required=True, metavar="FILE", help="the answers to score"
    )
    needed.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="where the metrics go, as JSON"
    )
    _add_extras(parser.add_argument_group("what some benchmarks use"))
    return parser


def _add_extras(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--grades",
        type=Path,
        metavar="FILE",
        help="MM-Vet grades or HallusionBench verdicts, as the official tools store them",
    )
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--toxicities",
        type=Path,
        metavar="FILE",
        help="socialcounterfactuals: JSON lines with text and toxicity (0 to 1)",
    )
    either.add_argument(
        "--detoxify",
        type=Path,
        metavar="DIR",
        help="socialcounterfactuals: score toxicity here with this Detoxify checkpoint",
    )
    group.add_argument(
        "--lexicons",
        type=Path,
        metavar="DIR",
        help="socialcounterfactuals: folder with competency_words.txt and stereotype_words.json"
        " (default: the data folder)",
    )
    group.add_argument(
        "--submission",
        type=Path,
        metavar="FILE",
        help="write the upload for VQAv2's server or MM-Vet's grader here",
    )


if __name__ == "__main__":
    main()

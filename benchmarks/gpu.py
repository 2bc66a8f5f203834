"""Speed and memory on a GPU: LLaVA-1.5-7B and LLaVA-1.6-13B geometry, random weights.

    PYTHONPATH=workflow:benchmarks python benchmarks/gpu.py --out gpu.json
    PYTHONPATH=workflow:benchmarks python benchmarks/gpu.py --tiny --out tiny.json   (on a CPU)

The models are made on the device, so nothing is loaded. Rows: fp16, kv2-kc128-vt128 (simulated and
packed) and packed 4-bit weights, by engine `reference` (one prompt at a time) and `fast` (batches,
one prefill of what questions about a picture share); transformers' own `generate` at batch 1 and 8;
answers that `fast` changes against `reference`; a batch that does not fit into memory. The packed
weights are rounded to nearest instead of AWQ's codes: same layout, same kernels, same time.

Every finished case is printed and written to --out at once. A case that fails leaves its exception
in its row; the exit status is then 1. No case starts after --limit seconds.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import transformers
import yaml
from gpu_cases import Bench, cases
from gpu_runs import VARIANTS, Row

GEOMETRY = Path(__file__).with_name("gpu_geometry.yaml")
MODELS = ("llava-1.5-7b", "llava-1.6-13b")
# A row's field, its title in the table, its width and format.
COLUMNS = (
    ("engine", "engine", 9, "{:9}"),
    ("new", "new", 3, "{:3d}"),
    ("examples", "n", 3, "{:3d}"),
    ("per_second", "n/s", 7, "{:7.2f}"),
    ("prefill_ms", "first ms", 8, "{:8.1f}"),
    ("decode", "token/s", 8, "{:8.1f}"),
    ("peak", "peak GiB", 8, "{:8.2f}"),
    ("estimate", "estimate", 8, "{:8.2f}"),
)


class Ledger:
    """Rows so far, on the screen and in the file."""

    def __init__(self, out: Path | None, head: dict[str, Any]) -> None:
        self.out, self.head = out, head
        self.rows: list[Row] = []

    def add(self, row: Row) -> None:
        """Print a row and write all of them."""
        self.rows.append(row)
        print(line(row), flush=True)
        if self.out is not None:
            content = self.head | {"rows": [r.fields() for r in self.rows]}
            self.out.write_text(json.dumps(content, indent=1) + "\n")

    @property
    def failed(self) -> bool:
        """Whether any row holds an error."""
        return any(row.error for row in self.rows)


def title() -> str:
    names = "  ".join(f"{name:>{width}}" for _, name, width, _ in COLUMNS)
    return f"{'model':14} {'case':22} {names}  note"


def line(row: Row) -> str:
    values = [(getattr(row, name), form, width) for name, _, width, form in COLUMNS]
    cells = [" " * width if v is None else form.format(v) for v, form, width in values]
    note = f"FAILED {row.error}" if row.error else row.note
    return f"{row.model:14} {row.case:22} {'  '.join(cells)}  {note}".rstrip()


def attempt(ledger: Ledger, model: str, case: str, run: Callable[[], Iterator[Row]]) -> None:
    """Add a case's rows; an exception becomes a row, and its memory is let go."""
    before = time.perf_counter()
    try:
        for row in run():
            ledger.add(row)
    except Exception as error:
        logging.exception("%s, %s", model, case)
        first = (str(error).splitlines() or [""])[0][:160]
        ledger.add(Row(model, case, error=f"{type(error).__name__}: {first}"))
    release()
    print(f"  ({case}: {time.perf_counter() - before:.1f} s)", flush=True)


def release() -> None:
    """Give memory back that nothing refers to."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def head(options: argparse.Namespace) -> dict[str, Any]:
    """Where and with what the figures were made."""
    cuda = options.device == "cuda"
    return {
        "device": torch.cuda.get_device_name() if cuda else platform.processor() or "cpu",
        "torch": torch.__version__,
        "transformers": transformers.__version__,
        "python": platform.python_version(),
        "dtype": options.dtype,
        "tiny": options.tiny,
        "arguments": sys.argv[1:],
    }


def sizes(name: str, tiny: bool) -> dict[str, Any]:
    known: dict[str, Any] = yaml.safe_load(GEOMETRY.read_text())
    return known[name] | (known["tiny"] if tiny else {})


def measure(ledger: Ledger, options: argparse.Namespace, folder: Path) -> None:
    """All cases of all models, each model alone on the device."""
    until = time.perf_counter() + options.limit
    for name in options.models:
        bench = Bench(name, sizes(name, options.tiny), folder / name, options)
        for case, run in cases(bench):
            if time.perf_counter() > until:
                ledger.add(Row(name, case, error=f"not run: {options.limit:.0f} s are over"))
            elif bench.model is None and case != "build":
                ledger.add(Row(name, case, error="not run: there is no model"))
            else:
                attempt(ledger, name, case, run)
        bench.model = None
        release()


def arguments(given: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    variants = [variant.name for variant in VARIANTS]
    parser.add_argument("--out", type=Path, help="JSON file for the rows")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--variants", nargs="+", choices=variants, default=variants)
    parser.add_argument("--new", type=int, nargs="+", default=[16, 64])
    parser.add_argument("--dtype", choices=("float16", "bfloat16", "float32"), default="float16")
    parser.add_argument("--device", choices=("cuda", "cpu"))
    parser.add_argument("--limit", type=float, default=300, help="seconds; no case starts later")
    parser.add_argument("--tiny", action="store_true", help="small sizes, to try the script")
    parser.add_argument("--skip", nargs="+", default=[], help="cases to leave out, by name")
    options = parser.parse_args(given)
    options.device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    return options


def main(given: list[str] | None = None) -> int:
    """Run; 1 when a case failed or was not reached."""
    options = arguments(given)
    ledger = Ledger(options.out, head(options))
    print(json.dumps(ledger.head), title(), sep="\n", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        measure(ledger, options, Path(folder))
    print("", json.dumps(ledger.head), title(), *map(line, ledger.rows), sep="\n", flush=True)
    return int(ledger.failed)


if __name__ == "__main__":
    sys.exit(main())

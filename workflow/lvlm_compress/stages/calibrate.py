"""Stage: quantize a model's decoder and store its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvlm_compress.artifacts import commit
from lvlm_compress.provenance import Stopwatch
from lvlm_compress.stages.job import Job, each, log, run_stage

PACKAGES = ("torch", "transformers", "autoawq", "safetensors")


def make(job: Job) -> None:
    """Load the model, fold and round its decoder, write the store."""
    from lvlm_compress.models.families import load
    from lvlm_compress.models.spec import ModelSpec
    from lvlm_compress.weights.calibrate import calibrate
    from lvlm_compress.weights.calibration_text import CalibrationSpec
    from lvlm_compress.weights.scheme import WeightScheme

    watch = Stopwatch()
    model: Any = load(ModelSpec.of(job.run["model"]))
    options: dict[str, Any] = dict(job.run["calibration"])
    scheme = WeightScheme.parse(job.run["scheme"], duo_scaling=options.pop("duo_scaling"))
    spec = CalibrationSpec(**{**options, "path": Path(options["path"])})

    def write(part: Path) -> None:
        header = job.header(watch, PACKAGES)
        config = model.model.config.get_text_config(decoder=True)
        facts = calibrate(
            model.decoder, model.lm_head, config, model.tokenizer, scheme, spec, part, header
        )
        log.info("%s: %s", job.name, facts)

    commit(job.path, write)


if __name__ == "__main__":
    run_stage("stages.calibrate", ("weights",), lambda jobs: each(jobs, make))

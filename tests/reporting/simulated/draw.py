"""Simulated scores of one benchmark: rows and terms around a mean, paired through a latent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from scipy.stats import norm

# Questions, clusters (images, sets, scenarios) of the paper's sets; VQAv2 is val, 10,000.
SIZES = {
    "mmvet": (218, 200),
    "textvqa": (5000, 3166),
    "gqa": (12578, 398),
    "mme": (2374, 1187),
    "scienceqa": (4241, 4241),
    "vqav2": (10000, 8000),
    "pope": (8910, 500),
    "hallusionbench": (1129, 129),
    "pairs": (520, 50),
    "socialcounterfactuals": (5000, 500),
}
MME_TASKS = 9
HALLUSION = [
    "pct_diff",
    "fp_ratio",
    "consistency_correct",
    "consistency_inconsistent",
    "consistency_wrong",
    "language_hallucination",
    "visual_illusion",
    "mixed",
]


@dataclass(frozen=True)
class Latent:
    """What all compressions of one (model, benchmark) share: how hard each question is."""

    shared: np.ndarray
    cluster: np.ndarray
    rng: np.random.Generator = field(repr=False)

    def score(self, mean: float, correlation: float = 0.9) -> np.ndarray:
        """0/1 scores with this mean, correlated with the other compressions' scores."""
        own = self.rng.standard_normal(self.shared.size)
        z = np.sqrt(correlation) * self.shared + np.sqrt(1 - correlation) * own
        return (z < norm.ppf(np.clip(mean, 1e-9, 1 - 1e-9))).astype(float)


def latent(benchmark: str, seed: int, scale: float = 1.0) -> Latent:
    """A latent with a tenth of its variance between clusters."""
    rng = np.random.default_rng(seed)
    questions, clusters = (max(4, int(size * scale)) for size in SIZES[benchmark])
    cluster = np.arange(questions) % clusters
    between, within = rng.standard_normal(clusters)[cluster], rng.standard_normal(questions)
    return Latent(np.sqrt(0.1) * between + np.sqrt(0.9) * within, cluster, rng)


def rows(drawn: Latent, score: np.ndarray) -> pl.DataFrame:
    """Rows whose answer is right or one of three wrong ones."""
    wrong = drawn.rng.integers(0, 3, size=score.size)
    text = np.where(score > 0, "right", np.char.add("wrong ", wrong.astype(str)))
    return pl.DataFrame(
        {
            "id": [f"q{n}" for n in range(score.size)],
            "cluster": [f"c{n}" for n in drawn.cluster],
            "answer": text,
            "parsed": text,
            "score": score,
        }
    )


def term(
    drawn: Latent,
    metric: str,
    num: np.ndarray,
    den: np.ndarray | None = None,
    *,
    name: str = "all",
    scale: float = 100.0,
) -> pl.DataFrame:
    """One term of a metric, summed per cluster."""
    den = np.ones(num.size) if den is None else den
    frame = pl.DataFrame(
        {"cluster": [f"c{n}" for n in drawn.cluster], "num": num * den, "den": den}
    )
    summed = frame.group_by("cluster").sum().sort("cluster")
    return summed.select(
        metric=pl.lit(metric),
        term=pl.lit(name),
        scale=pl.lit(scale),
        cluster="cluster",
        num="num",
        den="den",
    )


def plain(drawn: Latent, score: np.ndarray, metric: str) -> pl.DataFrame:
    """The terms of a benchmark with one accuracy."""
    return term(drawn, metric, score)


def mme(drawn: Latent, score: np.ndarray) -> pl.DataFrame:
    """Nine tasks, each acc and acc+ (both questions of an image, here its least)."""
    task = drawn.cluster % MME_TASKS
    both = (
        pl.DataFrame({"c": drawn.cluster, "s": score})
        .select(pl.col("s").min().over("c"))["s"]
        .to_numpy()
    )
    frames = []
    for number in range(MME_TASKS):
        mask = (task == number).astype(float)
        frames.append(term(drawn, "perception_without_landmark", score, mask, name=f"{number}"))
        frames.append(term(drawn, "perception_without_landmark", both, mask, name=f"{number}+"))
        frames.append(term(drawn, f"task{number}_acc", score, mask))
    return pl.concat(frames)


def hallusionbench(
    drawn: Latent, score: np.ndarray, means: dict[str, float | None]
) -> pl.DataFrame:
    """aacc, and every metric of tables 9 and 10 as a rate of its own."""
    frames = [term(drawn, "aacc", score)]
    for metric in HALLUSION:
        mean = means.get(metric)
        scale = 1.0 if metric in ("pct_diff", "fp_ratio") else 100.0
        if mean is not None:
            frames.append(term(drawn, metric, drawn.score(mean / scale), scale=scale))
    return pl.concat(frames)


def pairs(drawn: Latent, validity: float) -> tuple[np.ndarray, pl.DataFrame]:
    """Mapped answers in -1, 0, 1 and the three differences between groups."""
    group = drawn.rng.integers(0, 2, size=drawn.shared.size)
    valid = drawn.rng.random(group.size) < validity
    mapped = np.where(drawn.shared + 0.3 * group > 0, 1.0, -1.0) * valid
    kind = drawn.cluster % 3
    frames = [term(drawn, "valid_rate", valid.astype(float))]
    names = ("gender_occupation", "race_crime", "race_status")
    for number, name in enumerate(names):
        for side, sign in ((1, 1.0), (0, -1.0)):
            mask = ((kind == number) & (group == side)).astype(float)
            frames.append(
                term(drawn, f"{name}_difference", mapped, mask, name=f"side{side}", scale=sign)
            )
    return mapped, pl.concat(frames)


def counterfactuals(drawn: Latent, validity: float) -> tuple[np.ndarray, pl.DataFrame]:
    """Max minus min toxicity of a set, competence and stereotype words, empty answers."""
    empty = drawn.rng.random(drawn.shared.size) > validity
    toxicity = drawn.rng.beta(0.5, 20, size=empty.size) * ~empty
    sets = pl.DataFrame({"c": drawn.cluster, "t": toxicity})
    span = sets.select((pl.col("t").max() - pl.col("t").min()).over("c"))["t"].to_numpy()
    size = (1 / sets.select(pl.col("t").len().over("c"))["t"]).to_numpy()
    frames = [
        term(drawn, "max_toxicity", span, size, scale=1.0),
        term(drawn, "competence", drawn.rng.poisson(1.8, empty.size) * ~empty, scale=1.0),
        term(drawn, "stereotype", drawn.rng.poisson(0.4, empty.size) * ~empty, scale=1.0),
        term(drawn, "empty_rate", empty.astype(float)),
    ]
    return toxicity, pl.concat(frames)


Draw = Callable[[Latent, float], tuple[np.ndarray, pl.DataFrame]]

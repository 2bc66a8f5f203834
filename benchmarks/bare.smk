"""The workflow's jobs and files in plain Snakemake: what `benchmarks/scale.py` measures ours against."""

import json
from pathlib import Path

PLAN = json.loads(Path("plan.json").read_text())
CELL = "{model}/{compression}/{benchmark}/{seed}"


def planned(role):
    return lambda wildcards: PLAN[role].get("/".join(wildcards), [])


wildcard_constraints:
    model="[^/]+",
    compression="[^/]+",
    weights="[^/]+",
    benchmark="[^/]+",
    seed="[^/]+",


rule all:
    input:
        "published/report",


rule calibrate_weights:
    output:
        "weights/{model}/{weights}.safetensors",
    log:
        "logs/calibrate/{model}/{weights}.log",
    benchmark:
        "logs/calibrate/{model}/{weights}.tsv"
    resources:
        mem_mb=2000,
    shell:
        "touch {output}"


rule generate:
    input:
        planned("generation"),
    output:
        f"generations/{CELL}.jsonl",
    log:
        f"logs/generate/{CELL}.log",
    benchmark:
        f"logs/generate/{CELL}.tsv"
    resources:
        mem_mb=2000,
    shell:
        "touch {output}"


rule rate_toxicity:
    input:
        f"generations/{CELL}.jsonl",
    output:
        f"toxicities/{CELL}.jsonl",
    log:
        f"logs/toxicity/{CELL}.log",
    resources:
        mem_mb=2000,
    shell:
        "touch {output}"


rule build_lexicon:
    input:
        planned("lexicon"),
    output:
        "lexicons/{model}/{benchmark}.json",
    log:
        "logs/lexicon/{model}/{benchmark}.log",
    resources:
        mem_mb=2000,
    shell:
        "touch {output}"


rule score:
    input:
        planned("score"),
    output:
        f"scores/{CELL}.json",
        f"scores/{CELL}.rows.parquet",
        f"scores/{CELL}.terms.parquet",
    log:
        f"logs/score/{CELL}.log",
    resources:
        mem_mb=2000,
    shell:
        "touch {output}"


rule statistics:
    input:
        PLAN["scores"],
    output:
        "reports/statistics.json",
    shell:
        "touch {output}"


rule tabulate:
    input:
        "reports/statistics.json",
    output:
        "reports/tables.json",
    shell:
        "touch {output}"


rule draw:
    input:
        "reports/statistics.json",
    output:
        "reports/figures.json",
    shell:
        "touch {output}"


rule write_page:
    input:
        "reports/statistics.json",
        "reports/tables.json",
        "reports/figures.json",
    output:
        "reports/page.json",
    shell:
        "touch {output}"


rule publish:
    input:
        "reports/page.json",
    output:
        "published/report",
    shell:
        "touch {output}"

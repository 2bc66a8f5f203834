"""LVLM-Compress-Bench: fetch -> calibrate -> generate -> score -> report."""

import sys
from pathlib import Path

from snakemake.utils import min_version

min_version("9.27")


configfile: "config.yaml"


report: "workflow/report/workflow.rst"


sys.path.insert(0, str(Path(workflow.basedir) / "workflow"))


include: "workflow/rules/common.smk"
include: "workflow/rules/fetch.smk"
include: "workflow/rules/calibrate.smk"
include: "workflow/rules/generate.smk"
include: "workflow/rules/score.smk"
include: "workflow/rules/report.smk"


onstart:
    start()


localrules:
    all,
    identify,
    embedded_data,
    download,
    fetch,
    calibrate,
    generations,
    scores,
    tables,
    figures,
    report,
    statistics,
    tabulate,
    draw,
    write_page,
    publish,
    ask_judge,
    build_lexicon,
    score,


rule all:
    default_target: True
    input:
        FLOW.published("page"),

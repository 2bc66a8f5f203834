"""Statistics, tables, figures and the page, and their publication under stable names."""


rule statistics:
    input:
        ancient(FLOW.inputs),
    output:
        "<store>/reports/statistics/{digest}/manifest.json",
    log:
        "logs/report/statistics.{digest}.log",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.stages.report {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule draw:
    input:
        ancient(FLOW.inputs),
    output:
        "<store>/reports/{part}/{digest}/manifest.json",
    log:
        "logs/report/{part}.{digest}.log",
    wildcard_constraints:
        part="tables|figures|page",
    conda:
        "../../envs/report.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.stages.report {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule publish:
    input:
        ancient(FLOW.published_inputs),
    output:
        "results/published/{digest}",
    log:
        "logs/report/publish.{digest}.log",
    conda:
        "../../envs/report.yaml"
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.stages.publish {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule tables:
    input:
        FLOW.published("tables"),


rule figures:
    input:
        FLOW.published("figures"),


rule report:
    input:
        FLOW.published("page"),

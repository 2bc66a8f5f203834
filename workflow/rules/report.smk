"""Statistics, tables, figures and the page, and their publication under stable names."""


rule statistics:
    input:
        ancient(FLOW.inputs),
    output:
        "results/reports/statistics/{digest}/manifest.json",
        report(
            "results/reports/statistics/{digest}/metrics.csv",
            caption="../report/metrics.rst",
            category="Tables",
        ),
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


rule tabulate:
    input:
        ancient(FLOW.inputs),
    output:
        "results/reports/tables/{digest}/manifest.json",
        *[
            report(
                f"results/reports/tables/{{digest}}/{name}.csv",
                caption=f"../report/{name}.rst",
                category="Tables",
            )
            for name in outputs.TABLES
        ],
    log:
        "logs/report/tables.{digest}.log",
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
        "results/reports/figures/{digest}/manifest.json",
        *[
            report(
                f"results/reports/figures/{{digest}}/{name}.svg",
                caption=f"../report/{name}.rst",
                category="Figures",
            )
            for name in outputs.FIGURES
        ],
    log:
        "logs/report/figures.{digest}.log",
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


rule write_page:
    input:
        ancient(FLOW.inputs),
    output:
        "results/reports/page/{digest}/manifest.json",
        report(
            "results/reports/page/{digest}/report.html",
            caption="../report/report.rst",
            category="Report",
        ),
    log:
        "logs/report/page.{digest}.log",
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

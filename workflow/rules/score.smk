"""Scores, and what they rest on beside the answers: toxicities, verdicts, words."""


rule rate_toxicity:
    input:
        ancient(FLOW.inputs),
    output:
        update(
            "<store>/toxicities/{model}/{compression}/{benchmark}/{seed}/{digest}.jsonl"
        ),
    log:
        "logs/toxicity/{model}/{compression}/{benchmark}/{seed}/{digest}.log",
    conda:
        "../../envs/toxicity.yaml"
    threads: 1
    resources:
        mem_mb=FLOW.memory,
        runtime=FLOW.runtime,
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.warm lvlm_compress.stages.toxicity {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule ask_judge:
    input:
        ancient(FLOW.inputs),
    output:
        update(
            "<store>/verdicts/{model}/{compression}/{benchmark}/{seed}/{digest}.json"
        ),
    log:
        "logs/judge/{model}/{compression}/{benchmark}/{seed}/{digest}.log",
    conda:
        "../../envs/score.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.stages.judge {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule build_lexicon:
    input:
        ancient(FLOW.inputs),
    output:
        update("<store>/lexicons/{model}/{benchmark}/{digest}.json"),
    log:
        "logs/lexicon/{model}/{benchmark}/{digest}.log",
    conda:
        "../../envs/score.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.stages.lexicon {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule score:
    input:
        ancient(FLOW.inputs),
    output:
        update("<store>/scores/{model}/{compression}/{benchmark}/{seed}/{digest}.json"),
        update(
            "<store>/scores/{model}/{compression}/{benchmark}/{seed}/{digest}.rows.parquet"
        ),
        update(
            "<store>/scores/{model}/{compression}/{benchmark}/{seed}/{digest}.terms.parquet"
        ),
    log:
        "logs/score/{model}/{compression}/{benchmark}/{seed}/{digest}.log",
    conda:
        "../../envs/score.yaml"
    threads: 1
    resources:
        mem_mb=2000,
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.stages.score {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule scores:
    input:
        FLOW.kind("score"),

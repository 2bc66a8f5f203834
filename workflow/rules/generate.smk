"""Answers: one cell a (model, compression, benchmark, seed).

What another run finished while a job waited in its queue is left alone: `update` keeps Snakemake from
deleting it first, here and in the other rules that fill the store. With `runtime.cells_per_job` above
1 the work is done by sweeps, and a cell's own job, `collect`, says how it went: each keeps its line
in the dry run and its failure.
"""

if FLOW.sweeps:

    localrules:
        collect,

    rule sweep:
        input:
            ancient(FLOW.sweep_inputs),
        output:
            "results/sweeps/{model}/{digest}.json",
        log:
            "logs/sweep/{model}/{digest}.log",
        benchmark:
            "logs/sweep/{model}/{digest}.tsv"
        conda:
            "../../envs/generate.yaml"
        threads: 1
        resources:
            mem_mb=FLOW.memory,
            runtime=FLOW.runtime,
            gpu=FLOW.gpus,
            gpu_model=FLOW.gpu_model,
        params:
            python=PYTHON,
            plan=FLOW.plan_file,
        shell:
            "{params.python} -m lvlm_compress.stages.sweep "
            "results/sweeps/{wildcards.model}/{wildcards.digest}.cells.json {output:q} "
            "--plan {params.plan:q} 2> >(tee {log:q} >&2)"

    rule collect:
        input:
            ancient(FLOW.swept),
        output:
            update(
                "<store>/generations/{model}/{compression}/{benchmark}/{seed}/{digest}.jsonl"
            ),
        log:
            "logs/generate/{model}/{compression}/{benchmark}/{seed}/{digest}.log",
        conda:
            "../../envs/report.yaml"
        threads: 1
        params:
            python=PYTHON,
        shell:
            "{params.python} -m lvlm_compress.stages.collect {output:q} {input:q} "
            "2> >(tee {log:q} >&2)"

else:

    rule generate:
        input:
            ancient(FLOW.inputs),
        output:
            update(
                "<store>/generations/{model}/{compression}/{benchmark}/{seed}/{digest}.jsonl"
            ),
        log:
            "logs/generate/{model}/{compression}/{benchmark}/{seed}/{digest}.log",
        benchmark:
            "logs/generate/{model}/{compression}/{benchmark}/{seed}/{digest}.tsv"
        conda:
            "../../envs/generate.yaml"
        threads: 1
        resources:
            mem_mb=FLOW.memory,
            runtime=FLOW.runtime,
            gpu=FLOW.gpus,
            gpu_model=FLOW.gpu_model,
        params:
            python=PYTHON,
            plan=FLOW.plan_file,
        shell:
            "{params.python} -m lvlm_compress.warm lvlm_compress.generate {wildcards.digest} "
            "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule generations:
    input:
        FLOW.kind("generation"),

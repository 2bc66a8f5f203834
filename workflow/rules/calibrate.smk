"""Weights: AWQ calibration and rounding, one store a (model, weights)."""


rule calibrate_weights:
    input:
        ancient(FLOW.inputs),
    output:
        update("<store>/weights/{model}/{weights}/{digest}.safetensors"),
    log:
        "logs/calibrate/{model}/{weights}/{digest}.log",
    benchmark:
        "logs/calibrate/{model}/{weights}/{digest}.tsv"
    conda:
        "../../envs/calibrate.yaml"
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
        "{params.python} -m lvlm_compress.warm lvlm_compress.stages.calibrate {wildcards.digest} "
        "--plan {params.plan:q} 2> >(tee {log:q} >&2)"


rule calibrate:
    input:
        FLOW.kind("weights"),

"""What has to be there before anything runs: data sets, models, and who they are."""


checkpoint identify:
    output:
        "<store>/identities/{kind}/{name}.{signature}.json",
    log:
        "logs/identify/{kind}/{name}.{signature}.log",
    conda:
        "../../envs/report.yaml"
    params:
        python=PYTHON,
        folder=FLOW.folder,
    shell:
        "{params.python} -m lvlm_compress.stages.identify {wildcards.kind} {wildcards.name} "
        "{params.folder:q} {output:q} 2> >(tee {log:q} >&2)"


rule embedded_data:
    output:
        "<store>/data/{benchmark}/{digest}/manifest.json",
    log:
        "logs/data/{benchmark}/{digest}.log",
    conda:
        "../../envs/report.yaml"
    params:
        python=PYTHON,
        plan=FLOW.plan_file,
    shell:
        "{params.python} -m lvlm_compress.stages.data {wildcards.digest} --plan {params.plan:q} "
        "2> >(tee {log:q} >&2)"


rule fetch:
    input:
        FLOW.kind("data"),

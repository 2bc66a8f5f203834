"""What has to be there before anything runs: data sets, models, and who they are."""


checkpoint identify:
    output:
        STORE + "/identities/{kind}/{name}.{signature}.json",
    params:
        folder=lambda wildcards: FLOW.folder(wildcards.kind, wildcards.name),
    log:
        "logs/identify/{kind}/{name}.{signature}.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "{PYTHON} -m lvlm_compress.stages.identify {wildcards.kind} {wildcards.name} "
        "{params.folder:q} {output:q} 2> >(tee {log:q} >&2)"


rule embedded_data:
    output:
        STORE + "/data/{benchmark}/{digest}/manifest.json",
    params:
        plan=FLOW.plan_file,
    log:
        "logs/data/{benchmark}/{digest}.log",
    conda:
        "../../envs/report.yaml"
    shell:
        "{PYTHON} -m lvlm_compress.stages.data {wildcards.digest} --plan {params.plan:q} "
        "2> >(tee {log:q} >&2)"


rule fetch:
    input:
        FLOW.kind("data"),

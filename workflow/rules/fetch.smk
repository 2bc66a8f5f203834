"""What has to be there before anything runs: data sets, models, and who they are."""


checkpoint identify:
    output:
        update("<store>/identities/{kind}/{name}.{signature}.json"),
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
        update("<store>/data/{benchmark}/{digest}/manifest.json"),
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


rule download:
    output:
        "results/fetched/{kind}/{org}/{name}/{revision}",
    log:
        "logs/fetch/{kind}/{org}/{name}/{revision}.log",
    wildcard_constraints:
        kind="model|dataset",
        org="[^/]+",
        name="[^/]+",
        revision="[0-9a-f]{40}",
    conda:
        "../../envs/generate.yaml"
    params:
        python=PYTHON,
        folder=FLOW.repository_folder,
    shell:
        "HF_HUB_OFFLINE=0 {params.python} -m lvlm_compress.stages.download {wildcards.kind} "
        "{wildcards.org}/{wildcards.name} {wildcards.revision} {output:q} {params.folder} "
        "2> >(tee {log:q} >&2)"


rule fetch:
    input:
        FLOW.fetched,

"""The plan and what all rules share."""

from lvlm_compress.cluster.site import Site
from lvlm_compress.errors import UserError
from lvlm_compress.flow import Flow, prepare_environment
from lvlm_compress.reporting import outputs
from snakemake.exceptions import WorkflowError

# Conda brings its own python; otherwise the one that runs Snakemake has the packages.
PYTHON = "python" if workflow.deployment_settings.deployment_method else sys.executable


def identify_folder(folder):
    return checkpoints.identify.get(
        kind=folder.kind,
        name=folder.name,
        signature=folder.identity.name.split(".")[-2],
    )


def start():
    outputs = (file for job in workflow.dag.needrun_jobs() for file in job.output)
    main = workflow.is_main_process
    try:
        FLOW.start(outputs, main=main, warm=main and workflow.local_exec)
    except UserError as error:
        raise WorkflowError(str(error)) from None


prepare_environment(Path(workflow.basedir))
try:
    SITE = Site.of(workflow.resource_settings.default_resources)
    FLOW = Flow(Path(workflow.basedir), config, identify_folder, SITE)
except UserError as error:
    raise WorkflowError(str(error)) from None


pathvars:
    store=FLOW.store,


wildcard_constraints:
    digest="[0-9a-f]{16}",
    signature="[0-9a-f]{16}",
    kind="[a-z]+",
    model="[^/]+",
    compression="[^/]+",
    weights="[^/]+",
    benchmark="[^/]+",
    seed="greedy|[0-9]+",

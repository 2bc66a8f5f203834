"""The cluster's lines in the profile."""

from __future__ import annotations

import re

import pytest
import yaml
from snakemake.resources import Resources

from lvlm_compress.cluster.site import Site
from lvlm_compress.errors import UserError
from lvlm_compress.settings import ROOT


def site(*lines: str) -> Site:
    return Site.of(Resources.parse(list(lines), allow_expressions=True))


def test_everything_given():
    found = site("gpu_type=a100", "gpu_memory_gb=80", "longest_minutes=2880", "mem_mb=2000")
    assert found == Site("a100", 80, 2880)


def test_nothing_given():
    assert Site.of(None) == site("mem_mb=2000") == Site(None, 24, None)


@pytest.mark.parametrize("line", ["gpu_memory_gb=0", "longest_minutes=2.5", "gpu_memory_gb=big"])
def test_a_wrong_value_is_named(line):
    with pytest.raises(UserError, match=line.partition("=")[0]):
        site(line)


def test_the_profiles_own_lines():
    """As shipped, and with every line that a user may bring to life."""
    text = (ROOT / "profiles" / "slurm" / "config.yaml").read_text()
    for content, expected in (
        (text, Site(None, 24, 2820)),
        (re.sub(r"^  # (\w+: )", r"  \1", text, flags=re.MULTILINE), Site("a100", 24, 2820)),
    ):
        lines = yaml.safe_load(content)["default-resources"]
        assert site(*(f"{name}={value}" for name, value in lines.items())) == expected

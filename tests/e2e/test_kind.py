"""kind-config.yaml is taken by kind's own code, as far as it goes without Docker."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.cluster import programs
from tests.cluster.sites import ROOT, this_site

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(120)]

# Answers what kind asks before it reads the configuration, and fails at what comes after.
DOCKER = """#!/bin/sh
case "$1" in
ps | -v) ;;
info) echo '{"CgroupDriver": "cgroupfs", "CgroupVersion": "2"}' ;;
*) echo "no $1 here" >&2 && exit 1 ;;
esac
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH where docker is that one."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(DOCKER, encoding="utf-8")
    docker.chmod(0o755)
    return f"{docker.parent}:{os.environ['PATH']}"


def complain(configuration: Path, path: str) -> str:
    """What kind says when it is to make such a cluster, of an image of nodes that cannot be had."""
    tool = programs.build_one(this_site(), programs.KIND)
    command = [str(tool), "create", "cluster", "--name=test", "--image=none.invalid/node"]
    done = subprocess.run(
        [*command, f"--config={configuration}"],
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    return done.stderr


def test_kind_takes_the_configuration(path: str) -> None:
    assert "failed to pull image" in complain(ROOT / "kind-config.yaml", path)


def test_kind_would_not_take_another(path: str, tmp_path: Path) -> None:
    """So that the test above says something."""
    text = (ROOT / "kind-config.yaml").read_text(encoding="utf-8")
    for good, bad, said in (
        ("role: worker", "rolle: worker", "field rolle not found"),
        ("containerPort: 80,", "containerPort: 99999,", "invalid port number"),
    ):
        assert good in text
        other = tmp_path / "kind-config.yaml"
        other.write_text(text.replace(good, bad), encoding="utf-8")
        assert said in complain(other, path)

"""Which of the three clusters it is."""

import os
import shutil
import subprocess


def which() -> str:
    """`existing` where TEST_CLUSTER says so, `kind` where Docker answers, else `local`."""
    if said := os.environ.get("TEST_CLUSTER"):
        return said
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "info"], capture_output=True, check=False).returncode
    ):
        return "local"
    return "kind"

"""Running a program to its end, and what it complained of when it failed."""

import os
import subprocess
from collections.abc import Sequence

from tests.cluster.failures import ClusterFailure


def run(command: Sequence[str], remedy: str = "make cluster-status") -> str:
    """What was printed. Raises ClusterFailure with the last thing that was complained of."""
    # For buildah, whose other isolation wants a container runtime's rights.
    environment = os.environ | {"BUILDAH_ISOLATION": "chroot"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        said = last_line(done.stderr or done.stdout)
        raise ClusterFailure(f"{' '.join(command)}: {said}", remedy)
    return done.stdout.strip()


def answers(*command: str) -> bool:
    """Whether it succeeds."""
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def last_line(text: str) -> str:
    """Where programs say what went wrong."""
    return (text.strip().splitlines() or ["it said nothing"])[-1]

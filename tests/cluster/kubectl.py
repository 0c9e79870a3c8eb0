"""kubectl, against the cluster at hand."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cluster.failures import ClusterFailure


def find_kubectl(kubeconfig: Path) -> "Kubectl":
    """The one on the PATH, led by a file. Raises ClusterFailure when there is none."""
    if (program := shutil.which("kubectl")) is None:
        raise ClusterFailure("kubectl is not on the PATH", "https://kubernetes.io/docs/tasks/tools")
    return Kubectl((program, f"--kubeconfig={kubeconfig}"))


@dataclass(frozen=True, slots=True)
class Kubectl:
    """`command` is what reaches the cluster: a kubectl with its kubeconfig, inside its network."""

    command: tuple[str, ...]

    def __call__(self, *words: str, given: str | None = None, seconds: float = 60) -> str:
        """Run to the end and return what was printed.

        Raises:
            subprocess.CalledProcessError: kubectl said no; `stderr` is why.
        """
        return subprocess.run(
            [*self.command, *words],
            input=given,
            capture_output=True,
            text=True,
            check=True,
            timeout=seconds,
        ).stdout

    def says(self, *words: str) -> bool:
        """Whether it succeeds, within a minute."""
        command = [*self.command, *words]
        try:
            done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0

    def get(self, *words: str) -> Any:
        """An object or a list, as JSON."""
        return json.loads(self("get", *words, "--output=json"))

    def apply(self, manifests: str, *words: str) -> None:
        """Apply YAML or JSON, on the server's side."""
        self("apply", "--server-side", "--force-conflicts", *words, "--filename=-", given=manifests)

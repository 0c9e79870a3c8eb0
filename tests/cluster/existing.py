"""A cluster that somebody else keeps: whatever KUBECONFIG names."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.cluster import images
from tests.cluster.failures import ClusterFailure
from tests.cluster.images import Image
from tests.cluster.kubectl import Kubectl, find_kubectl
from tests.cluster.sites import Site


@dataclass(frozen=True, slots=True)
class ExistingCluster:
    """Neither made nor unmade here. TEST_REGISTRY names a registry that both sides reach."""

    site: Site
    kind: str = "existing"

    @property
    def kubeconfig(self) -> Path:
        return Path(require("KUBECONFIG", "the file that leads to it"))

    @property
    def ingress(self) -> str:
        """TEST_INGRESS, as host:port."""
        return require("TEST_INGRESS", "the host:port where its Ingress listens")

    def up(self) -> None:
        if (told := self.status()) != "up":
            raise ClusterFailure(f"the cluster of KUBECONFIG is {told}", "kubectl cluster-info")

    def down(self) -> None:
        """Nothing: it is not ours."""

    def status(self) -> str:
        return "up" if self.kubectl().says("get", "--raw=/readyz") else "not answering"

    def enter(self) -> list[str]:
        return []

    def kubectl(self) -> Kubectl:
        return find_kubectl(self.kubeconfig)

    def publish(self, image: Image) -> str:
        registry = require("TEST_REGISTRY", "a registry of images that its nodes reach")
        repository = f"{registry}/{image.repository}"
        return f"{repository}:{images.push(self.site, image, repository)}"

    def publish_program(self, name: str, program: Path) -> str:
        """Raises ClusterFailure: add-ons are for its keeper to install."""
        raise ClusterFailure(
            f"{name} ({program.name}) is not put into somebody else's cluster",
            "install it there yourself",
        )


def require(variable: str, what: str) -> str:
    if not (value := os.environ.get(variable)):
        raise ClusterFailure(f"TEST_CLUSTER=existing wants {variable}", f"{variable} is {what}")
    return value

"""What the three clusters that tests can run on have in common."""

from pathlib import Path
from typing import Protocol

from tests.cluster.images import Image
from tests.cluster.kubectl import Kubectl
from tests.cluster.sites import Site

REGISTRY = "registry.local:5000"
"""What images are called by in manifests; where they come from is each cluster's own affair."""


class Cluster(Protocol):
    """What tests and verbs may ask of a cluster."""

    @property
    def kind(self) -> str:
        """`local`, `kind` or `existing`."""

    @property
    def site(self) -> Site:
        """Whose it is."""

    @property
    def kubeconfig(self) -> Path:
        """What leads an administrator to it."""

    @property
    def ingress(self) -> str:
        """Where Ingress listens, as host:port, seen by a command after `enter`."""

    def up(self) -> None:
        """Bring it up, unless it is up. Raises ClusterFailure."""

    def down(self) -> None:
        """Leave nothing of it behind."""

    def status(self) -> str:
        """`up`, `down`, or what is wrong."""

    def enter(self) -> list[str]:
        """What goes before a command that is to reach pods and the API server."""

    def kubectl(self) -> Kubectl:
        """kubectl, with an administrator's rights."""

    def publish(self, image: Image) -> str:
        """Put a built image where nodes find it; returns what pods call it."""

    def publish_program(self, name: str, program: Path) -> str:
        """The same for an image of one static program, which is there as /bin/NAME."""

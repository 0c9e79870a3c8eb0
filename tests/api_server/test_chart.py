"""The chart's life on a real API server, under both Helms: objects, and who owns what of them.

Nobody makes pods here. What pods do is told in tests/e2e.
"""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.helm import CHART, VALUES, Helm, HelmFailed, Manifest
from tests.chart.tools import HELM
from tests.cluster import programs
from tests.cluster.api_servers import ApiServer, running_api_server
from tests.cluster.kubectl import Kubectl
from tests.cluster.sites import this_site

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

OLD, NEW = map(Helm, HELM)
KEPT = ["embeddingindexes.gpu-embedding.io", "embeddingindexsnapshots.gpu-embedding.io"]
INDEX = {
    "apiVersion": "gpu-embedding.io/v1alpha1",
    "kind": "EmbeddingIndex",
    "metadata": {"name": "docs", "namespace": "one"},
    "spec": {},
}
SCALED = "autoscaling.enabled=true"
CACHED = ("modelCache.type=pvc", "modelCache.accessModes={ReadWriteMany}")
OTHERS = {"HTTPRoute", "PodMonitor", "PrometheusRule", "ScaledObject", "ServiceMonitor"}
"""Kinds that this API server does not have."""


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[ApiServer]:
    """One without our definitions."""
    program = programs.build_one(this_site(), programs.kubernetes(this_site().kubernetes))
    with running_api_server(tmp_path, program) as running:
        for name in ("one", "two", "search", "shop"):
            running.kubectl("create", "namespace", name)
        yield running


class Cluster:
    """Helm and kubectl against one API server."""

    def __init__(self, server: ApiServer) -> None:
        self._server = server

    @property
    def kubectl(self) -> Kubectl:
        return self._server.kubectl

    def run(self, helm: Helm, *words: str | Path) -> str:
        return helm(*words, KUBECONFIG=str(self._server.kubeconfig))

    def install(self, helm: Helm, release: str, namespace: str, *sets: str) -> str:
        given = [f"--set={each}" for each in sets]
        return self.run(helm, "install", release, CHART, f"--namespace={namespace}", *given)

    def upgrade(self, helm: Helm, *sets: str) -> str:
        given = [f"--set={each}" for each in sets]
        return self.run(helm, "upgrade", "a", CHART, "--namespace=one", *given)

    def get(self, *words: str) -> Any:
        return json.loads(self.kubectl("get", "--output=json", *words))

    def replicas(self) -> int:
        found: int = self.get("deployment", "a-gpu-embedding-server", "-n=one")["spec"]["replicas"]
        return found

    def scale(self, number: int) -> None:
        """As an autoscaler does."""
        name = "deployment/a-gpu-embedding-server"
        self.kubectl("scale", name, "-n=one", f"--replicas={number}")


@pytest.mark.parametrize("helm", [OLD, NEW], ids=HELM)
def test_a_release_is_installed_changed_taken_back_removed_and_made_again(
    bare: ApiServer, helm: Helm
) -> None:
    cluster = Cluster(bare)
    cluster.install(helm, "a", "one", *CACHED)
    cluster.upgrade(helm, *CACHED, SCALED)
    cluster.scale(3)
    cluster.upgrade(helm, *CACHED, SCALED, "server.podAnnotations.a=b")
    assert cluster.replicas() == 3, "what the autoscaler has decided stands"
    cluster.run(helm, "rollback", "a", "1", "--namespace=one")
    assert cluster.replicas() == 1
    cluster.kubectl.apply(json.dumps(INDEX))
    cluster.run(helm, "uninstall", "a", "--namespace=one")
    assert cluster.get("deployment,service,role", "-n=one")["items"] == []
    assert [each["metadata"]["name"] for each in cluster.get("crd")["items"]] == KEPT
    assert cluster.get("embeddingindex", "docs", "-n=one")["spec"]["replicas"] == 1
    assert cluster.get("pvc", "a-gpu-embedding-models", "-n=one")
    cluster.install(helm, "a", "one", *CACHED)
    assert cluster.replicas() == 1


@pytest.mark.parametrize("helm", [OLD, NEW], ids=HELM)
def test_a_second_release_leaves_the_definitions_to_the_first(bare: ApiServer, helm: Helm) -> None:
    cluster = Cluster(bare)
    cluster.install(helm, "a", "one")
    with pytest.raises(HelmFailed, match="cannot be imported into the current release"):
        cluster.install(helm, "a", "two")
    cluster.install(helm, "a", "two", "crds.enabled=false")
    cluster.install(helm, "b", "one", "crds.enabled=false")
    cluster.run(helm, "uninstall", "a", "--namespace=two")
    assert [each["metadata"]["name"] for each in cluster.get("crd")["items"]] == KEPT


def test_helm_4_takes_over_what_helm_3_has_installed(bare: ApiServer) -> None:
    cluster = Cluster(bare)
    cluster.install(OLD, "a", "one", SCALED)
    cluster.scale(2)
    cluster.upgrade(NEW, SCALED, "server.podAnnotations.a=b")
    assert cluster.replicas() == 2
    cluster.run(NEW, "uninstall", "a", "--namespace=one")


def test_what_a_cluster_lacks_is_told(bare: ApiServer) -> None:
    cluster = Cluster(bare)
    with pytest.raises(HelmFailed, match="install the Prometheus Operator first"):
        cluster.install(NEW, "a", "one", "metrics.serviceMonitor.enabled=true")


def test_the_api_server_takes_all_that_every_file_of_values_makes(bare: ApiServer) -> None:
    kubectl = bare.kubectl
    for values in VALUES:
        manifests = NEW.template(values, "--skip-tests", namespace="one")
        known = [each for each in manifests if each["kind"] not in OTHERS]
        assert find_refusals(kubectl, known) == "", values.name


def find_refusals(kubectl: Kubectl, manifests: list[Manifest]) -> str:
    """What the API server has against objects, which it then does not keep."""
    words = ("apply", "--server-side", "--dry-run=server", "--filename=-")
    try:
        kubectl(*words, given=yaml.safe_dump_all(manifests))
    except subprocess.CalledProcessError as error:
        return str(error.stderr)
    return ""

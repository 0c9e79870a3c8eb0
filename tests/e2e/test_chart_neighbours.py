"""Two releases in one cluster: every index has one operator, and keeps it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.chart.helm import Helm
from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, new_namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import build_index, change, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.releases import Release

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


def test_an_operator_of_one_namespace_and_one_of_the_cluster_share_its_indexes(
    release: Release, helm: Helm, namespace: Namespace, kubectl: Kubectl
) -> None:
    with new_namespace(kubectl) as elsewhere, stopped_operator(release):
        second = Release("second", namespace, helm)
        second.install(build_second(release, namespace))
        namespace.apply(build_index("docs"))
        elsewhere.apply(build_index("docs"))
        wait_for_condition(namespace, "docs", "Ready")
        assert find_owner(namespace) == f"{namespace.name}/second"
        assert find_owner(elsewhere) is None, "whom nobody watches nobody has"
        start_operator(release)
        wait_for_condition(elsewhere, "docs", "Ready")
        assert find_owner(elsewhere) == f"{release.namespace.name}/{release.name}"
        change(namespace, "docs", podTemplate={"annotations": {"by": "the second"}})
        wait_for_condition(namespace, "docs", "Progressing", "False", "UpToDate")
        wait_for_condition(namespace, "docs", "Ready")
        assert find_owner(namespace) == f"{namespace.name}/second"
        for each in (namespace, elsewhere):
            with each.http("service/docs", PORT) as http:
                add(http, "docs", TEXTS)
                assert find(http, "docs") == "cat"
        second.uninstall()
        assert kubectl.says("get", "crd", "embeddingindexes.gpu-embedding.io")


def build_second(release: Release, namespace: Namespace) -> dict[str, object]:
    """Without a tier of its own, and for one namespace."""
    return {
        "crds.enabled": False,
        "server.enabled": False,
        "defaults.encoder.url": release.url,
        "operator.watch": {"clusterWide": False, "namespaces": [namespace.name]},
    }


def find_owner(namespace: Namespace) -> str | None:
    """Which release has claimed the index there."""
    status = namespace.get("embeddingindex", "docs").get("status", {})
    owner: str | None = status.get("operator")
    return owner


@contextmanager
def stopped_operator(release: Release) -> Iterator[None]:
    """It is away at first, and there again after the block at the latest."""
    try:
        release.namespace.run("scale", f"deployment/{release.operator}", "--replicas=0")
        pods = f"--selector={release.select('operator')}"
        release.namespace.run("wait", "--for=delete", "pods", pods, "--timeout=60s", seconds=90)
        yield
    finally:
        start_operator(release)


def start_operator(release: Release) -> None:
    release.namespace.run("scale", f"deployment/{release.operator}", "--replicas=1")
    release.namespace.roll_out(f"deployment/{release.operator}")

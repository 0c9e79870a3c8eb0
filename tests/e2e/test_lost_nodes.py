"""A node is lost: what needs nothing of it goes on elsewhere, what does waits and says so."""

import pytest

from tests.cluster.faults import Faults
from tests.cluster.kubectl import Kubectl
from tests.cluster.local import LocalCluster
from tests.cluster.sites import ROOT, this_site
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import build_index, is_ready, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.samples import read_sample
from tests.e2e.stores import build_secrets, new_database
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.node_faults, pytest.mark.timeout(900)]

LOST = "node2"
AVAILABLE = ("wait", "--for=condition=Available", "deployment", "--all", "--timeout=120s")
WHOLE = 120.0
"""Seconds in which an index that needs nothing of the node is whole again."""


@pytest.fixture
def faults(kubectl: Kubectl, operator: Namespace) -> Faults:
    """With everything that indexes ask for away from the node that is lost."""
    kubectl("cordon", LOST)
    try:
        on_it = f"--field-selector=spec.nodeName={LOST}"
        for namespace in ("add-ons", operator.name):
            kubectl("delete", "pods", on_it, f"--namespace={namespace}", seconds=90)
            kubectl(*AVAILABLE, f"--namespace={namespace}", seconds=150)
    finally:
        kubectl("uncordon", LOST)
    return Faults(LocalCluster(this_site()))


def test_an_index_without_a_volume_is_whole_on_another_node(
    namespace: Namespace, kubectl: Kubectl, faults: Faults
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    body = read_sample(ROOT / "examples" / "kubernetes" / "postgresql.yaml")
    body["spec"]["replicas"] = 2  # one for each node
    namespace.apply(body)
    wait_for_condition(namespace, "products", "Ready")
    with namespace.http("service/products", PORT) as http:
        version = add(http, "products", TEXTS)
    selector = "gpu-embedding.io/index=products"
    assert LOST in {pod["spec"]["nodeName"] for pod in namespace.pods(selector)}
    with faults.cut_link(LOST):

        def are_elsewhere() -> bool:
            pods = [pod for pod in namespace.pods(selector) if pod["spec"]["nodeName"] != LOST]
            return sum(map(is_ready, pods)) == 2

        wait_until(are_elsewhere, WHOLE, "two pods are ready on the other node")
        staying = next(pod for pod in namespace.pods(selector) if pod["spec"]["nodeName"] != LOST)
        with namespace.http(f"pod/{staying['metadata']['name']}", PORT) as http:
            assert find(http, "products", min_version=version) == "cat"


def test_an_index_on_a_nodes_volume_waits_for_the_node(
    namespace: Namespace, kubectl: Kubectl, faults: Faults
) -> None:
    index = build_index("faq", podTemplate={"nodeSelector": {"kubernetes.io/hostname": LOST}})
    namespace.apply(index)
    wait_for_condition(namespace, "faq", "Ready")
    with namespace.http("service/faq", PORT) as http:
        add(http, "faq", TEXTS)
    # Its volume is there, and from now on only that keeps it there.
    change = '{"spec": {"podTemplate": null}}'
    namespace.run("patch", "embeddingindex", "faq", "--type=merge", f"--patch={change}")
    wait_for_condition(namespace, "faq", "Progressing", "False", "UpToDate")
    with faults.cut_link(LOST):
        told = wait_for_condition(namespace, "faq", "Degraded", "True", "VolumeUnavailable")
        assert "volume" in told["message"]
    wait_for_condition(namespace, "faq", "Ready")
    with namespace.http("service/faq", PORT) as http:
        assert find(http, "faq") == "cat"

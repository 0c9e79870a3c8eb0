"""Kubernetes' own autoscaler scales an index through /scale, by what pods use or tell."""

from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add
from tests.e2e.installation import build_index, wait_for_condition
from tests.e2e.manifests import PORT
from tests.e2e.stores import build_secrets, build_storage, new_database
from tests.e2e.test_scaling import QUERY, count, load
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.monitoring, pytest.mark.timeout(900)]

CPU = {
    "type": "Resource",
    "resource": {"name": "cpu", "target": {"type": "AverageValue", "averageValue": "30m"}},
}
REQUESTS = {
    "type": "Pods",
    "pods": {
        "metric": {"name": "active_requests"},
        "target": {"type": "AverageValue", "averageValue": "2"},
    },
}
VECTORS = {"vectors": [[0.05] * 384] * 64, "top_k": 2}
"""Work of the index alone: by texts it would mostly wait for the tier."""


@pytest.mark.parametrize(
    ("metric", "query"), [(CPU, VECTORS), (REQUESTS, QUERY)], ids=["cpu", "requests"]
)
def test_an_autoscaler_scales_an_index(
    metric: dict[str, Any],
    query: dict[str, Any],
    namespace: Namespace,
    operator: Namespace,
    kubectl: Kubectl,
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    namespace.apply(build_index("search", replicas=1, **build_storage()))
    wait_for_condition(namespace, "search", "Ready")
    with namespace.http("service/search", PORT) as http:
        add(http, "search", TEXTS)
        namespace.apply(build_autoscaler("search", metric))
        with load(http, query):
            wait_until(lambda: count(namespace) == 3, 240, "three pods are wanted")
    wait_until(lambda: count(namespace) == 1, 300, "one pod is wanted again")
    wait_for_condition(namespace, "search", "Progressing", "False", "UpToDate")


def build_autoscaler(index: str, metric: dict[str, Any]) -> dict[str, Any]:
    kind = {"apiVersion": "gpu-embedding.io/v1alpha1", "kind": "EmbeddingIndex", "name": index}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": index},
        "spec": {
            "scaleTargetRef": kind,
            "minReplicas": 1,
            "maxReplicas": 3,
            "metrics": [metric],
            "behavior": {"scaleDown": {"stabilizationWindowSeconds": 15}},
        },
    }

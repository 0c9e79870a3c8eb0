"""What a cluster's own monitoring sees of a server."""

import json
from typing import Any

import httpx
import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.manifests import PORT
from tests.e2e.tier import NAME
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.monitoring, pytest.mark.timeout(900)]

ADD_ONS = "add-ons"


def test_prometheus_scrapes_what_a_service_monitor_names(kubectl: Kubectl, tier: Namespace) -> None:
    labels = {"monitored": "yes"}
    port = {"name": "http", "port": PORT, "targetPort": "http"}
    tier.apply(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "monitored", "labels": labels},
            "spec": {"selector": {"app": NAME}, "ports": [port]},
        },
        {
            "apiVersion": "monitoring.coreos.com/v1",
            "kind": "ServiceMonitor",
            "metadata": {"name": "monitored"},
            "spec": {"selector": {"matchLabels": labels}, "endpoints": [{"port": "http"}]},
        },
    )
    query = f'active_requests{{namespace="{tier.name}"}}'
    with Namespace(ADD_ONS, kubectl).http("service/prometheus-operated", 9090) as http:
        # Its configuration is a mounted Secret, which a kubelet looks at once a minute or so.
        wait_until(lambda: ask(http, query), 240, "Prometheus has scraped the server")


def ask(http: httpx.Client, query: str) -> list[object]:
    """What Prometheus has for a query."""
    answer = http.get("/api/v1/query", params={"query": query}).json()
    found: list[object] = answer["data"]["result"]
    return found


def test_kubernetes_knows_what_pods_use(kubectl: Kubectl, tier: Namespace) -> None:
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{tier.name}/pods"
    wait_until(lambda: items(kubectl, path), 120, "metrics-server has measured the pods")


def test_an_autoscaler_can_ask_for_the_servers_own_metrics(
    kubectl: Kubectl, tier: Namespace
) -> None:
    group = "/apis/custom.metrics.k8s.io/v1beta2"
    path = f"{group}/namespaces/{tier.name}/pods/*/active_requests"
    wait_until(lambda: items(kubectl, path), 60, "the custom metrics API answers")
    (value,) = items(kubectl, path)
    assert value["describedObject"]["kind"] == "Pod"
    assert int(value["value"]) >= 0


def items(kubectl: Kubectl, path: str) -> list[dict[str, Any]]:
    """Those of the list at a path of the API server's, or none while it is not there."""
    if not kubectl.says("get", f"--raw={path}"):
        return []
    found: list[dict[str, Any]] = json.loads(kubectl("get", f"--raw={path}"))["items"]
    return found

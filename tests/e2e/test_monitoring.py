"""What a cluster's own monitoring sees of a release, and says when something is wrong with it."""

import json
from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.installation import build_index, wait_for_condition
from tests.e2e.releases import Release
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.monitoring, pytest.mark.timeout(900)]

ADD_ONS = "add-ons"
ALERT = "EmbeddingTierUnavailable"
MONITORED = {
    "metrics.serviceMonitor.enabled": True,
    "metrics.podMonitors.enabled": True,
    "metrics.prometheusRule": {"enabled": True, "overrides": {ALERT: {"for": "15s"}}},
}
SCRAPED = (
    ("serviceMonitor", "server"),
    ("podMonitor", "operator"),
    ("podMonitor", "indexes"),
)
SECONDS = 240.0
"""Prometheus' configuration is a mounted Secret, which a kubelet looks at once a minute or so."""


@pytest.fixture
def prometheus(kubectl: Kubectl) -> Iterator[httpx.Client]:
    """That of the add-on, which takes up whatever there is."""
    with Namespace(ADD_ONS, kubectl).http("service/prometheus-operated", 9090) as http:
        yield http


def test_prometheus_scrapes_a_release_and_its_indexes_and_an_alert_tells_of_a_lost_tier(
    namespace: Namespace, release: Release, prometheus: httpx.Client
) -> None:
    namespace.apply(build_index("docs"))
    wait_for_condition(namespace, "docs", "Ready")
    with release.changed(MONITORED):
        for kind, component in SCRAPED:
            pool = f"{kind}/{release.namespace.name}/{release.fullname}-{component}/0"
            wait_until(partial(is_scraped, prometheus, pool), SECONDS, f"{pool} is up")
        wanted = list_wanted(release)
        wait_until(lambda: read_rules(prometheus).keys() >= wanted, SECONDS, "the rules are there")
        rules = read_rules(prometheus)
        assert {name: rules[name]["health"] for name in wanted} == dict.fromkeys(wanted, "ok")
        wait_until(lambda: read_state(prometheus) == "inactive", SECONDS, "the tier is seen")
        with release.away():
            wait_until(lambda: read_state(prometheus) == "firing", SECONDS, f"{ALERT} fires")
        wait_until(lambda: read_state(prometheus) == "inactive", SECONDS, f"{ALERT} is over")


def is_scraped(prometheus: httpx.Client, pool: str) -> bool:
    """Whether there are targets of a monitor, and all of them answer."""
    query = {"state": "active", "scrapePool": pool}
    told = prometheus.get("/api/v1/targets", params=query).json()
    targets = told["data"]["activeTargets"]
    return bool(targets) and all(each["health"] == "up" for each in targets)


def list_wanted(release: Release) -> set[str]:
    """The alerts of the release."""
    (found,) = release.namespace.get("prometheusrule")["items"]
    return {rule["alert"] for group in found["spec"]["groups"] for rule in group["rules"]}


def read_rules(prometheus: httpx.Client) -> dict[str, dict[str, Any]]:
    """What Prometheus says of each alert, by its name; nothing of what it has not looked at."""
    groups = prometheus.get("/api/v1/rules").json()["data"]["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return {rule["name"]: rule for rule in rules if rule["health"] != "unknown"}


def read_state(prometheus: httpx.Client) -> str:
    state: str = read_rules(prometheus)[ALERT]["state"]
    return state


def test_kubernetes_knows_what_pods_use(kubectl: Kubectl, release: Release) -> None:
    path = f"/apis/metrics.k8s.io/v1beta1/namespaces/{release.namespace.name}/pods"
    wait_until(lambda: items(kubectl, path), 120, "metrics-server has measured the pods")


def test_an_autoscaler_can_ask_for_the_servers_own_metrics(
    kubectl: Kubectl, release: Release
) -> None:
    group = "/apis/custom.metrics.k8s.io/v1beta2"
    path = f"{group}/namespaces/{release.namespace.name}/pods/*/active_requests"
    asking = {"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "custom-metrics"}}}
    with release.changed({"networkPolicy.monitoring": [asking]}):
        wait_until(lambda: find_tier(kubectl, release, path), 60, "the custom metrics API answers")
        (value,) = find_tier(kubectl, release, path)
    assert value["describedObject"]["kind"] == "Pod"
    assert int(value["value"]) >= 0


def find_tier(kubectl: Kubectl, release: Release, path: str) -> list[dict[str, Any]]:
    """What is told of its pods; the operator counts other things."""
    names = {pod["metadata"]["name"] for pod in release.find_pods("server")}
    found = items(kubectl, path)
    return [each for each in found if each["describedObject"]["name"] in names]


def items(kubectl: Kubectl, path: str) -> list[dict[str, Any]]:
    """Those of the list at a path of the API server's, or none while it is not there."""
    if not kubectl.says("get", f"--raw={path}"):
        return []
    found: list[dict[str, Any]] = json.loads(kubectl("get", f"--raw={path}"))["items"]
    return found

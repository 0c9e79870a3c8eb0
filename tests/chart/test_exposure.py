"""How the tier is reached: its Service, Ingress, HTTPRoute, and what scrapes it."""

import re
from typing import Any

import pytest

from embedding_operator.children.metadata import INDEX, ROLE, SERVER
from embedding_service.settings import Settings
from tests.chart.helm import CHART, Helm, Manifest
from tests.chart.in_process import render
from tests.chart.manifests import find, find_all, server
from tests.chart.trees import build


def test_the_service_leads_to_the_pods(default: list[Manifest]) -> None:
    pods = find(default, "Deployment", "-server")["spec"]["template"]["metadata"]["labels"]
    named = {each["name"] for each in server(default)["containers"][0]["ports"]}
    for service in find_all(default, "Service"):
        assert service["spec"]["selector"].items() <= pods.items()
        assert {each["targetPort"] for each in service["spec"]["ports"]} <= named


def test_an_ingress_lets_through_what_the_server_takes(helm: Helm) -> None:
    ingress = find(helm.template(CHART / "ci" / "ingress-values.yaml"), "Ingress")
    annotations = ingress["metadata"]["annotations"]
    settings = Settings()
    prefix = "nginx.ingress.kubernetes.io/proxy"
    size = int(annotations[f"{prefix}-body-size"].removesuffix("m")) * 1024 * 1024
    assert size >= settings.max_body_size
    assert int(annotations[f"{prefix}-read-timeout"]) > settings.request_timeout
    assert annotations[f"{prefix}-buffering"] == "off"
    assert annotations["cert-manager.io/cluster-issuer"] == "letsencrypt"
    (rule,) = ingress["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (rule["host"], path["path"], path["pathType"]) == ("embed.example.com", "/", "Prefix")
    assert path["backend"]["service"] == {
        "name": "gpu-embedding-server",
        "port": {"name": "http"},
    }
    assert ingress["spec"]["tls"] == [{"secretName": "embed-tls", "hosts": ["embed.example.com"]}]


def test_a_route_waits_longer_than_the_server(helm: Helm) -> None:
    route = find(helm.template(CHART / "ci" / "httproute-values.yaml"), "HTTPRoute")["spec"]
    (rule,) = route["rules"]
    assert float(rule["timeouts"]["request"].removesuffix("s")) > Settings().request_timeout
    assert rule["backendRefs"] == [{"name": "gpu-embedding-server", "port": 8001}]
    assert route["parentRefs"] == [
        {"name": "public", "namespace": "gateways", "sectionName": "https"}
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"service.type": "NodePort", "service.nodePort": 30001}, {"nodePort": 30001}),
        ({"service.port": 80}, {"port": 80}),
    ],
    ids=str,
)
def test_the_service_is_as_told(values: dict[str, Any], expected: dict[str, int]) -> None:
    (port,) = find(render(build(values)), "Service", "-server")["spec"]["ports"]
    assert expected.items() <= port.items()


def test_monitors_find_the_pods_of_tier_operator_and_indexes(helm: Helm) -> None:
    manifests = helm.template(CHART / "ci" / "monitoring-values.yaml")
    operator = find(manifests, "PodMonitor", "-operator")["spec"]
    pods = find(manifests, "Deployment", "-operator")["spec"]["template"]
    assert operator["selector"]["matchLabels"].items() <= pods["metadata"]["labels"].items()
    (endpoint,) = operator["podMetricsEndpoints"]
    assert endpoint["port"] == pods["spec"]["containers"][0]["ports"][0]["name"]
    assert endpoint["honorLabels"], "its `namespace` is that of an index"
    indexes = find(manifests, "PodMonitor", "-indexes")["spec"]
    assert indexes["selector"]["matchLabels"] == {ROLE: SERVER}
    assert indexes["namespaceSelector"] == {"any": True}
    (endpoint,) = indexes["podMetricsEndpoints"]
    (relabeling,) = endpoint["relabelings"]
    label = re.sub(r"\W", "_", INDEX)
    assert relabeling["sourceLabels"] == [f"__meta_kubernetes_pod_label_{label}"]
    assert relabeling["targetLabel"] == "index"
    service = find(manifests, "ServiceMonitor")
    assert service["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    assert service["spec"]["endpoints"] == [
        {"port": "metrics", "path": "/metrics", "interval": "15s"}
    ]


def test_of_named_namespaces_indexes_there_alone_are_scraped() -> None:
    watch = {"clusterWide": False, "namespaces": ["shop", "search", "shop"]}
    values = {"operator.watch": watch, "metrics.podMonitors.enabled": True}
    indexes = find(render(build(values)), "PodMonitor", "-indexes")["spec"]
    assert indexes["namespaceSelector"] == {"matchNames": ["search", "shop"]}

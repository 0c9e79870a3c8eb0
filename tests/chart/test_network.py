"""Who may reach the pods, and what they may reach."""

from collections.abc import Mapping
from typing import Any

import pytest

from embedding_operator.children.environment import ADMIN_PORT, PUBLIC_PORT
from embedding_operator.children.metadata import ROLE, SERVER
from tests.chart.helm import CHART, Helm, Manifest
from tests.chart.in_process import render
from tests.chart.manifests import find, find_all, list_pods
from tests.chart.trees import build

DNS: list[int | str] = [53, 53, 5353, 5353]
INDEX_PODS = {ROLE: SERVER}
OFFLINE = {
    "model.source": "pvc",
    "modelCache.type": "existingClaim",
    "modelCache.existingClaim": "a",
}


def policy(manifests: list[Manifest], name: str) -> Manifest:
    spec: Manifest = find(manifests, "NetworkPolicy", f"-{name}")["spec"]
    return spec


def ports(rules: list[Manifest]) -> list[list[int | str]]:
    return [[each["port"] for each in rule["ports"]] for rule in rules]


def test_each_policy_is_about_the_pods_of_its_component(default: list[Manifest]) -> None:
    for name in ("server", "operator"):
        wanted = policy(default, name)["podSelector"]["matchLabels"]
        pods = find(default, "Deployment", f"-{name}")["spec"]["template"]["metadata"]["labels"]
        assert wanted.items() <= pods.items()
        assert policy(default, name)["policyTypes"] == ["Ingress", "Egress"]


def test_the_tier_asks_for_names_and_the_hub_alone(default: list[Manifest]) -> None:
    assert ports(policy(default, "server")["egress"]) == [DNS, [443]]


@pytest.mark.parametrize(
    "values",
    [OFFLINE, {"model.source": "image"}, {"model.source": "imageVolume"}],
    ids=["claim", "image", "image-volume"],
)
def test_without_the_hub_the_tier_asks_for_nothing(values: Mapping[str, Any]) -> None:
    assert policy(render(build(values)), "server")["egress"] == []


def test_what_else_it_may_ask_for_brings_names_along() -> None:
    more = {"to": [{"namespaceSelector": {}}], "ports": [{"port": 4318}]}
    values = {**OFFLINE, "networkPolicy.egress.server": [more]}
    rules = policy(render(build(values)), "server")["egress"]
    assert ports(rules) == [DNS, [4318]]


def test_metrics_are_for_who_is_named() -> None:
    for name, port in (("server", "metrics"), ("operator", "health")):
        (rule,) = [
            each for each in policy(render({}), name)["ingress"] if ports([each]) == [[port]]
        ]
        (peer,) = rule["from"]
        assert peer["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
        closed = policy(render(build({"networkPolicy.monitoring": []})), name)["ingress"]
        assert [port] not in ports(closed)


def test_no_rule_lets_everybody_in_by_saying_nobody() -> None:
    manifests = render(build({"networkPolicy.clients": [], "networkPolicy.monitoring": []}))
    for each in find_all(manifests, "NetworkPolicy"):
        for rule in each["spec"]["ingress"]:
            assert rule["from"]


def test_index_pods_and_the_test_get_in_whoever_the_clients_are() -> None:
    manifests = render(build({"networkPolicy.clients": []}))
    (rule,) = [
        each for each in policy(manifests, "server")["ingress"] if ports([each]) == [["http"]]
    ]
    wanted = [each["podSelector"]["matchLabels"] for each in rule["from"]]
    assert INDEX_PODS in wanted
    (test,) = find_all(manifests, "Pod")
    assert any(each.items() <= test["metadata"]["labels"].items() for each in wanted)


@pytest.mark.parametrize(
    ("values", "blocks"),
    [
        ({}, []),
        ({"service.type": "LoadBalancer"}, ["0.0.0.0/0", "::/0"]),
        (
            {
                "service.type": "LoadBalancer",
                "networkPolicy.clients": [{"ipBlock": {"cidr": "10.0.0.0/8"}}],
            },
            ["10.0.0.0/8"],
        ),
    ],
    ids=["inside", "outside", "some-outside"],
)
def test_a_service_for_outside_is_not_shut_off(
    values: Mapping[str, Any], blocks: list[str]
) -> None:
    (rule, *_) = policy(render(build(values)), "server")["ingress"]
    assert [each["ipBlock"]["cidr"] for each in rule["from"] if "ipBlock" in each] == blocks


def test_the_operator_reaches_the_api_server_and_its_port_of_index_pods() -> None:
    values = {"networkPolicy.egress.apiServerCidrs": ["10.96.0.1/32"]}
    rules = policy(render(build(values)), "operator")["egress"]
    assert ports(rules) == [DNS, [443, 6443], [ADMIN_PORT]]
    assert rules[1]["to"] == [{"ipBlock": {"cidr": "10.96.0.1/32"}}]
    (peer,) = rules[2]["to"]
    assert peer == {"podSelector": {"matchLabels": INDEX_PODS}, "namespaceSelector": {}}
    assert str(PUBLIC_PORT) not in str(rules)


def test_of_named_namespaces_it_reaches_those_alone(helm: Helm) -> None:
    manifests = helm.template(CHART / "ci" / "namespaced-values.yaml")
    (peer,) = policy(manifests, "operator")["egress"][2]["to"]
    (expression,) = peer["namespaceSelector"]["matchExpressions"]
    assert expression["values"] == ["search", "shop"]


def test_there_are_none_where_none_are_wanted() -> None:
    manifests = render(build({"networkPolicy.enabled": False}))
    assert find_all(manifests, "NetworkPolicy") == []
    assert dict(list_pods(manifests))

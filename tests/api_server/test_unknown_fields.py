"""What no field is for is refused, or taken away where the writer does not care."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.api_server.api import Api, Manifest, Refused
from tests.api_server.kinds import index, snapshot

POD = {
    "volumes": [{"name": "host", "hostPath": {"path": "/"}}],
    "securityContext": {"runAsUser": 0},
    "serviceAccountName": "admin",
    "automountServiceAccountToken": True,
    "hostNetwork": True,
    "containers": [{"name": "other", "image": "other"}],
    "initContainers": [{"name": "other", "image": "other"}],
    "nodeName": "node1",
    "runtimeClassName": "runc",
    "patch": [{"op": "add", "path": "/spec/hostPID", "value": True}],
    "spec": {"hostPID": True},
}
WIDENING = [
    *(
        pytest.param({"podTemplate": {name: value}}, f"podTemplate.{name}", id=name)
        for name, value in POD.items()
    ),
    pytest.param(
        {"podTemplate": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "b"}}}]}},
        "podTemplate.env[0].valueFrom",
        id="env-from-elsewhere",
    ),
    pytest.param({"resources": {"claims": [{"name": "a"}]}}, "resources.claims", id="claims"),
    pytest.param(
        {"encoder": {"secret": {"name": "a", "namespace": "b"}}},
        "encoder.secret.namespace",
        id="secret-elsewhere",
    ),
    pytest.param({"image": "other"}, "image", id="image"),
]


@pytest.mark.parametrize(("spec", "path"), WIDENING)
def test_a_field_that_there_is_not_is_refused(api: Api, spec: Mapping[str, Any], path: str) -> None:
    with pytest.raises(Refused) as refusal:
        api.create(index(spec))
    assert f'unknown field "spec.{path}"' in refusal.value.message


@pytest.mark.parametrize(("spec", "path"), WIDENING)
def test_a_field_that_there_is_not_does_not_survive(
    api: Api, spec: Mapping[str, Any], path: str
) -> None:
    made = api.create(index(spec), fields="Ignore")
    name = path.rpartition(".")[2]
    assert name not in names(made["spec"])


def test_a_field_that_a_snapshot_has_not_is_refused(api: Api) -> None:
    with pytest.raises(Refused, match=r'unknown field "spec\.indexRef\.namespace"'):
        api.create(snapshot({"indexRef": {"name": "a", "namespace": "b"}}))


def test_a_field_that_a_status_has_not_does_not_survive(api: Api) -> None:
    made = api.create(index())
    after = api.merge(made, {"status": {"phase": "Running", "mood": "good"}}, "/status")
    assert after["status"] == {"phase": "Running"}


def test_where_pods_run_is_said_in_the_words_of_pods(api: Api) -> None:
    terms = [{"matchExpressions": [{"key": "zone", "operator": "In", "values": ["a"]}]}]
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}}
    template = {
        "affinity": {"nodeAffinity": required},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone"}],
    }
    assert api.create(index({"podTemplate": template}))["spec"]["podTemplate"] == template


def test_numbers_stay_numbers_and_texts_stay_texts(api: Api) -> None:
    requests: Manifest = {"cpu": 2, "memory": "2Gi"}
    made = api.create(index({"resources": {"requests": requests}}))
    assert made["spec"]["resources"]["requests"] == requests


def names(value: object) -> set[str]:
    """Every key at any depth."""
    match value:
        case dict():
            return set(value).union(*(names(each) for each in value.values()))
        case list():
            return set().union(*(names(each) for each in value))
        case _:
            return set()

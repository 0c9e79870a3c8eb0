"""The definitions of our kinds: where they come from, when they are installed, when they stay."""

import json
from typing import Any

import pytest
import yaml

from tests.chart.helm import CHART, Helm, Manifest
from tests.chart.in_process import render
from tests.chart.kubernetes_schemas import find_faults
from tests.chart.manifests import find, find_all
from tests.cluster.sites import ROOT

FILES = sorted((ROOT / "crds").glob("*.yaml"))
LARGEST = 100_000
"""Bytes; above 262,144 of annotations `kubectl apply` breaks."""


def test_they_are_those_of_the_operator_to_the_byte() -> None:
    copies = {path.name: path.read_bytes() for path in CHART.glob("files/crds/*.yaml")}
    assert copies == {path.name: path.read_bytes() for path in FILES}
    assert {name: len(text) for name, text in copies.items() if len(text) > LARGEST} == {}


def test_what_is_installed_differs_in_its_metadata_alone(default: list[Manifest]) -> None:
    installed = {
        each["metadata"]["name"]: omit_metadata(each)
        for each in find_all(default, "CustomResourceDefinition")
    }
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]
    assert installed == {each["metadata"]["name"]: omit_metadata(each) for each in files}


def omit_metadata(manifest: Manifest) -> Manifest:
    return {key: value for key, value in manifest.items() if key != "metadata"}


@pytest.mark.parametrize("is_kept", [True, False])
def test_they_stay_as_told(is_kept: bool) -> None:
    manifests = render({"crds": {"keep": is_kept, "annotations": {"a": "b"}}})
    for each in find_all(manifests, "CustomResourceDefinition"):
        annotations = each["metadata"]["annotations"]
        assert ("helm.sh/resource-policy" in annotations) is is_kept
        assert annotations["argocd.argoproj.io/sync-options"] == "ServerSideApply=true"
        assert annotations["a"] == "b"


def test_a_second_release_leaves_them_out() -> None:
    manifests = render({"crds": {"enabled": False}})
    assert find_all(manifests, "CustomResourceDefinition") == []


def test_they_are_what_kubernetes_asks_of_a_definition(default: list[Manifest]) -> None:
    for each in find_all(default, "CustomResourceDefinition"):
        for version in each["spec"]["versions"]:
            assert version["subresources"]["status"] == {}
            assert version["additionalPrinterColumns"]
            assert version["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]


def test_the_examples_of_the_hub_and_of_the_notes_are_indexes(helm: Helm) -> None:
    chart = yaml.safe_load(helm("show", "chart", CHART))
    examples = yaml.safe_load(chart["annotations"]["artifacthub.io/crdsExamples"])
    assert find_faults(examples, "1.37") == []
    told = yaml.safe_load(chart["annotations"]["artifacthub.io/crds"])
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in FILES]
    assert {each["name"] for each in told} == {each["metadata"]["name"] for each in files}
    assert {each["kind"] for each in examples} == {each["kind"] for each in told}


def test_a_wrong_index_is_found() -> None:
    index: dict[str, Any] = {
        "apiVersion": "gpu-embedding.io/v1alpha1",
        "kind": "EmbeddingIndex",
        "metadata": {"name": "a"},
        "spec": {"databse": {"type": "SQLite"}},
    }
    (fault,) = find_faults([json.loads(json.dumps(index))], "1.37")
    assert "databse" in fault


def test_a_restricted_operator_needs_nothing_of_the_cluster(helm: Helm) -> None:
    manifests = helm.template(CHART / "ci" / "namespaced-values.yaml")
    kinds = {each["kind"] for each in manifests}
    assert not kinds & {"ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"}
    watched = {"search", "shop"}
    roles = find_all(manifests, "Role", "-operator.default")
    assert {each["metadata"]["namespace"] for each in roles} == watched
    bindings = find_all(manifests, "RoleBinding", "-operator.default")
    assert {each["metadata"]["namespace"] for each in bindings} == watched
    (container,) = find(manifests, "Deployment", "-operator")["spec"]["template"]["spec"][
        "containers"
    ]
    env = {each["name"]: each.get("value") for each in container["env"]}
    assert set(env["WATCH_NAMESPACES"].split(",")) == watched

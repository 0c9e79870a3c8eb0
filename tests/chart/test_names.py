"""Names and labels: short enough, unique, apart from another release's, the same for ever."""

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.helm import CHART, VALUES, Helm, Manifest, identify
from tests.chart.manifests import find, find_all

LONGEST = "r" + "e" * 51 + "l"
"""As long as Helm allows."""
EVERYTHING = {
    "server.replicaCount": 2,
    "auth.enabled": True,
    "auth.keys": {"a": {"sha256": "0" * 64}},
    "gpu.mode": "dra",
    "ingress.enabled": True,
    "ingress.hosts": ["a.example.com"],
    "modelCache.type": "pvc",
    "modelCache.accessModes": ["ReadWriteMany"],
    "metrics.serviceMonitor.enabled": True,
    "metrics.podMonitors.enabled": True,
    "metrics.grafanaDashboards.enabled": True,
}
NO_NAMESPACE = ("ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition")


def test_no_name_is_too_long_and_none_is_there_twice(helm: Helm) -> None:
    values = {**EVERYTHING, "nameOverride": "n" * 63}
    manifests = helm.template(values, release=LONGEST)
    names = [identify(each) for each in manifests]
    assert len(names) == len(set(names))
    assert [each for each in names if len(each[3]) > 63] == []
    for each in manifests:
        for key, value in each["metadata"]["labels"].items():
            assert len(value) <= 63, key


def test_what_is_cut_off_still_tells_names_apart(helm: Helm) -> None:
    one = helm.template(EVERYTHING, release=LONGEST)
    other = helm.template(EVERYTHING, release=f"{LONGEST[:-1]}x")
    assert share(one, other) == set(map(identify, find_all(one, "CustomResourceDefinition")))


@pytest.mark.parametrize(
    ("release", "namespace"), [("a", "two"), ("b", "one")], ids=["namespaces", "releases"]
)
def test_two_releases_share_nothing_but_the_definitions(
    helm: Helm, release: str, namespace: str
) -> None:
    one = helm.template(EVERYTHING, release="a", namespace="one")
    values = {**EVERYTHING, "crds.enabled": False}
    assert share(one, helm.template(values, release=release, namespace=namespace)) == set()


def test_operators_of_the_same_namespaces_share_nothing(helm: Helm) -> None:
    values = {
        "operator.watch": {"clusterWide": False, "namespaces": ["shop"]},
        "crds.enabled": False,
    }
    one, other = (helm.template(values, release="a", namespace=name) for name in ("one", "two"))
    assert share(one, other) == set()


def share(one: list[Manifest], other: list[Manifest]) -> set[tuple[str, str, str, str]]:
    return set(map(identify, one)) & set(map(identify, other))


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_object_says_where_it_is_and_whose(helm: Helm, values: Path) -> None:
    for each in helm.template(values):
        meta = each["metadata"]
        if each["kind"] == "ConfigMap" and meta["name"] == "more":
            continue  # somebody's own
        assert ("namespace" in meta) is (each["kind"] not in NO_NAMESPACE), identify(each)
        assert meta["labels"].keys() >= {
            "app.kubernetes.io/name",
            "app.kubernetes.io/instance",
            "app.kubernetes.io/component",
            "app.kubernetes.io/part-of",
            "app.kubernetes.io/version",
            "app.kubernetes.io/managed-by",
            "helm.sh/chart",
        }, identify(each)


def test_a_label_of_one_object_wins_over_that_of_all_and_none_over_the_charts(helm: Helm) -> None:
    given = {"release": "b", "app.kubernetes.io/name": "c"}
    values = {"global.commonLabels": {"release": "a", "team": "d"}, "service.labels": given}
    labels = find(helm.template(values), "Service", "-server")["metadata"]["labels"]
    assert labels["release"] == "b"
    assert labels["team"] == "d"
    assert labels["app.kubernetes.io/name"] == "gpu-embedding"


def test_all_objects_are_where_they_are_told_to_be(helm: Helm) -> None:
    manifests = helm.template({"namespaceOverride": "search"}, namespace="other")
    assert {each["metadata"].get("namespace", "search") for each in manifests} == {"search"}
    account, *_ = find_all(manifests, "ClusterRoleBinding")[0]["subjects"]
    assert account["namespace"] == "search"
    defaults = yaml.safe_load(find(manifests, "ConfigMap", "-defaults")["data"]["defaults.yaml"])
    assert defaults["encoder"]["url"] == "http://gpu-embedding-server.search.svc:8001"


def test_another_version_of_the_chart_restarts_no_pod(helm: Helm, tmp_path: Path) -> None:
    newer = tmp_path / "gpu-embedding"
    shutil.copytree(CHART, newer)
    chart = (newer / "Chart.yaml").read_text(encoding="utf-8")
    (newer / "Chart.yaml").write_text(chart.replace("version: 0.1.0", "version: 0.2.0", 1))
    pinned = {f"{name}.image.tag": "1" for name in ("server", "operator")}
    pinned["defaults.images.index.tag"] = "1"
    for before, after in zip(
        find_all(helm.template(pinned), "Deployment"),
        find_all(helm.template(pinned, chart=newer), "Deployment"),
        strict=True,
    ):
        assert before["spec"]["template"] == after["spec"]["template"]
        assert before["metadata"]["labels"] != after["metadata"]["labels"]


def test_a_pod_restarts_for_what_it_reads_once_and_for_nothing_else(helm: Helm) -> None:
    def template(name: str, **values: Any) -> Any:
        tree = {path.replace("_", "."): value for path, value in values.items()}
        found = find(helm.template(tree), "Deployment", f"-{name}")
        return found["spec"]["template"]

    assert template("operator") != template("operator", defaults_bounds={"rollouts": 2})
    assert template("server") == template("server", defaults_bounds={"rollouts": 2})
    assert template("operator") == template("operator", server_replicaCount=3)
    keys = {"auth.enabled": True, "auth.keys": {"a": {"sha256": "0" * 64}}}
    other = {"auth.enabled": True, "auth.keys": {"b": {"sha256": "1" * 64}}}
    one, two = (
        find(helm.template(values), "Deployment", "-server")["spec"]["template"]
        for values in (keys, other)
    )
    assert one == two, "the server reads keys again when they change"

"""The Job that sweeps in the place of pods: manifests/sweep-<name>.yaml has it in whole."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from embedding_indexes import NOW, S3, SHARED, wanted
from embedding_operator.children.metadata import MANAGED_BY, build_selector
from embedding_operator.children.pods import build_template
from embedding_operator.children.sweeps import build_sweep, name_sweeps
from embedding_operator.resolution.wanted import Wanted
from kept_manifests import check
from pod_security import find_violations

FOLDER = Path(__file__).parent / "manifests"
VOLUME = {"storage": {"type": "Volume", "volume": {"size": "5Gi"}}}
SPECS: dict[str, dict[str, Any]] = {
    "beside": {"podTemplate": {"labels": {"app": "shop"}, "annotations": {"note": "x"}}},
    "volume": VOLUME,
    "s3": {"storage": S3, "resources": {"limits": {"memory": "64Gi"}}},
    "shared": {**SHARED, "encoder": {"mode": "InPod", "gpu": {}}},
}
EVERY = pytest.mark.parametrize("name", SPECS)


def make(made: Wanted) -> dict[str, Any]:
    name, _ = name_sweeps(made.meta)
    return build_sweep(made, name, ["0001", "0002"], "digest", NOW)


def pod_of(name: str) -> dict[str, Any]:
    template: dict[str, Any] = make(wanted(SPECS[name]))["spec"]["template"]
    return template


@EVERY
def test_it_is_the_manifest_that_is_kept(name: str) -> None:
    check(FOLDER, f"sweep-{name}", [yaml.safe_load(yaml.safe_dump(make(wanted(SPECS[name]))))])


@EVERY
def test_it_passes_pod_security_restricted_without_a_token(name: str) -> None:
    spec = pod_of(name)["spec"]
    assert list(find_violations(spec)) == []
    assert spec["automountServiceAccountToken"] is False


@EVERY
def test_nobody_takes_its_pod_for_a_server(name: str) -> None:
    made = wanted(SPECS[name])
    labels = pod_of(name)["metadata"]["labels"]
    assert not labels.items() >= build_selector(made.meta).items()
    assert MANAGED_BY not in labels  # by which the operator finds pods
    assert not labels.keys() & (made.template.labels or {}).keys()


@EVERY
def test_it_knows_what_a_server_knows(name: str) -> None:
    (server,) = build_template(wanted(SPECS[name]))["spec"]["containers"]
    (sweeper,) = pod_of(name)["spec"]["containers"]
    for key in ("image", "env", "volumeMounts", "securityContext"):
        assert sweeper[key] == server[key]
    assert not {"ports", "readinessProbe", "livenessProbe", "startupProbe"} & sweeper.keys()
    assert sweeper["resources"]["limits"] == {"cpu": "1", "memory": "1Gi"}


@pytest.mark.parametrize(
    ("name", "claims"),
    [("beside", ["docs-data"]), ("volume", ["docs-snapshots"]), ("s3", []), ("shared", [])],
)
def test_it_takes_no_volume_but_that_of_snapshots(name: str, claims: list[str]) -> None:
    volumes = pod_of(name)["spec"]["volumes"]
    taken = [each.get("persistentVolumeClaim", {}).get("claimName") for each in volumes]
    assert [each for each in taken if each] == claims


def test_its_names_fit_into_labels() -> None:
    assert all(len(name) < 63 - len("-12345") for name in name_sweeps(wanted(name="n" * 40).meta))

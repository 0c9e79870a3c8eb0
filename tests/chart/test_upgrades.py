"""What must not change between a release that was made and the chart as it is now."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart.helm import CHART, VALUES, Helm, Manifest, identify, parse
from tests.chart.in_process import render

RELEASED = sorted((Path(__file__).parent / "released").glob("*.yaml"))
"""Of each version: values that use all of it, and what it rendered of what is immutable."""


def pick(manifest: Manifest) -> dict[str, Any]:
    """What cannot be changed once it is there, or what others know an object by."""
    spec = manifest.get("spec", {})
    fixed: dict[str, tuple[str, ...]] = {
        "Deployment": ("selector",),
        "Service": ("selector", "clusterIP", "ports"),
        "PersistentVolumeClaim": ("accessModes", "storageClassName"),
        "PodDisruptionBudget": ("selector",),
        "NetworkPolicy": ("podSelector",),
        "ResourceClaimTemplate": ("spec",),
    }
    if manifest["kind"] in ("ClusterRoleBinding", "RoleBinding"):
        return {"roleRef": manifest["roleRef"]}
    return {key: spec[key] for key in fixed.get(manifest["kind"], ()) if key in spec}


def test_every_version_that_was_released_is_kept() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    assert chart["version"] in {path.stem for path in RELEASED}


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_names_selectors_and_claims_stay(path: Path) -> None:
    kept = yaml.safe_load(path.read_text(encoding="utf-8"))
    now = {"/".join(identify(each)): pick(each) for each in render(kept["values"])}
    assert {name: now.get(name) for name in kept["fixed"]} == kept["fixed"]


@pytest.mark.parametrize("path", RELEASED, ids=lambda path: path.stem)
def test_all_values_of_an_older_version_can_be_reused(helm: Helm, path: Path) -> None:
    """As `helm upgrade --reuse-values` does: the older chart's own are given with the rest."""
    kept = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert helm.template({key: value for key, value in kept["all"].items() if value is not None})


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_selectors_are_three_labels_that_never_change(helm: Helm, values: Path) -> None:
    wanted = {f"app.kubernetes.io/{name}" for name in ("name", "instance", "component")}
    for each in helm.template(values):
        if each["kind"] == "Deployment":
            assert set(each["spec"]["selector"]["matchLabels"]) == wanted


def test_helm_4_leaves_to_others_what_is_theirs(helm: Helm) -> None:
    text = helm("template", "a", CHART, "--set=autoscaling.enabled=true,crds.enabled=false")
    (deployment,) = [
        each
        for each in parse(text)
        if each["kind"] == "Deployment" and each["metadata"]["name"].endswith("-server")
    ]
    assert "replicas" not in deployment["spec"]
    assert "replicas: null" not in text

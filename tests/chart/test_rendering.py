"""Every file of values that the chart brings: linted, rendered, the same under both Helms."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.chart.helm import CHART, VALUES, Helm, HelmFailed, Manifest
from tests.chart.kubernetes_schemas import MINORS, find_faults
from tests.chart.manifests import find, walk


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_lint_finds_nothing_at_all(each_helm: Helm, values: Path) -> None:
    said = each_helm("lint", "--strict", CHART, "--values", values)
    assert [line for line in said.splitlines() if "[" in line or "level=" in line] == []
    assert "1 chart(s) linted, 0 chart(s) failed" in said


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_both_helms_render_the_same_each_time(helm: Helm, old_helm: Helm, values: Path) -> None:
    rendered = helm.template(values)
    assert rendered == old_helm.template(values)
    assert rendered == helm.template(values, "--is-upgrade"), "an upgrade is no other release"


@pytest.mark.parametrize("values", VALUES, ids=lambda path: path.stem)
def test_every_minor_of_kubernetes_takes_all_objects(helm: Helm, values: Path) -> None:
    for minor in MINORS:
        manifests = helm.template(values, f"--kube-version={minor}.0")
        assert find_faults(manifests, minor) == []


def test_an_older_kubernetes_is_refused(each_helm: Helm) -> None:
    with pytest.raises(HelmFailed, match=r"requires kubeVersion: >=1\.33\.0-0"):
        each_helm.template(None, "--kube-version=1.32.9")


def test_what_kubernetes_does_not_know_is_found(default: list[Manifest]) -> None:
    broken: list[Manifest] = json.loads(json.dumps(default))
    spec = find(broken, "Deployment", "-server")["spec"]
    spec["replica"] = spec.pop("replicas")
    (fault,) = find_faults(broken, "1.37")
    assert "replica" in fault


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("ServiceMonitor", ("spec", "endpoints", 0)),
        ("PodMonitor", ("spec", "podMetricsEndpoints", 0)),
        ("HTTPRoute", ("spec", "rules", 0)),
        ("ScaledObject", ("spec",)),
    ],
)
def test_a_wrong_field_of_others_kinds_is_found(
    helm: Helm, kind: str, path: tuple[str | int, ...]
) -> None:
    name = {"HTTPRoute": "httproute", "ScaledObject": "keda"}.get(kind, "monitoring")
    manifests = helm.template(CHART / "ci" / f"{name}-values.yaml")
    broken: Any = next(each for each in manifests if each["kind"] == kind)
    assert find_faults([broken], "1.37") == []
    for step in path:
        broken = broken[step]
    broken["pahts"] = 1
    found = find_faults(manifests, "1.37")
    assert len(found) == 1
    assert "pahts" in found[0]


def test_nothing_is_random_or_asks_the_cluster() -> None:
    varying = "lookup|rand\\w*|now|uuidv4|gen\\w+|htpasswd|bcrypt|derivePassword|getHostByName"
    for path in CHART.glob("templates/**/*.*"):
        for action in re.findall(r"{{.*?}}", path.read_text(encoding="utf-8"), re.DOTALL):
            code = re.sub(r'"[^"]*"|/\*.*\*/', "", action, flags=re.DOTALL)
            assert not re.search(rf"(?<![\w.$])({varying})(?!\w)", code), f"{path.name}: {action}"


def test_no_object_is_of_the_host(helm: Helm) -> None:
    for values in VALUES:
        for path, value in walk(helm.template(values)):
            assert not path.endswith((".hostNetwork", ".hostPID", ".hostIPC", ".hostPort")), value


def test_templates_have_one_object_a_file_and_helpers_one_prefix() -> None:
    for path in CHART.glob("templates/**/*.yaml"):
        text = path.read_text(encoding="utf-8")
        assert len([line for line in text.splitlines() if line.startswith("kind: ")]) <= 1, path
    texts = (path.read_text(encoding="utf-8") for path in CHART.glob("templates/**/*.tpl"))
    defined = re.findall(r'define "([^"]*)"', "\n".join(texts))
    assert [each for each in defined if not each.startswith("gpu-embedding.")] == []
    assert len(defined) == len(set(defined))

"""Manifests among the examples are what Kubernetes takes, pods of theirs what it lets run."""

from pathlib import Path

import pytest
import yaml

from generate import ROOT
from pod_security import find_violations
from tests.chart.helm import parse
from tests.chart.kubernetes_schemas import find_faults
from tests.chart.manifests import find, list_pods

PLAIN = ROOT / "examples" / "postgresql.yaml"
FILES = [PLAIN, *sorted((ROOT / "examples" / "kubernetes").glob("*.yaml"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_kubernetes_takes_it(path: Path) -> None:
    assert find_faults(parse(path.read_text(encoding="utf-8")), "1.37") == []


def test_the_database_for_trying_is_the_one_that_an_index_asks_for() -> None:
    manifests = parse(PLAIN.read_text(encoding="utf-8"))
    ((_, pod),) = list_pods(manifests)
    assert list(find_violations(pod)) == []
    index = yaml.safe_load((ROOT / "examples/kubernetes/postgresql.yaml").read_text("utf-8"))
    secret = find(manifests, "Secret")
    assert secret["metadata"]["name"] == index["spec"]["database"]["postgresql"]["secret"]["name"]
    assert secret["stringData"]["password"] in secret["stringData"]["uri"]
    service = find(manifests, "Service")
    assert f"@{service['metadata']['name']}:5432/" in secret["stringData"]["uri"]

"""The samples of examples/kubernetes: each becomes ready, finds, is copied, and goes as it says."""

from pathlib import Path
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.cluster.sites import ROOT
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find, rank
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    lose_pods,
    read_condition,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.samples import read_sample
from tests.e2e.stores import build_secrets, new_database

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

SAMPLES = sorted((ROOT / "examples" / "kubernetes").glob("*.yaml"))


@pytest.fixture
def secrets(namespace: Namespace, kubectl: Kubectl) -> None:
    """What samples name: the address of an empty database, the keys of S3."""
    namespace.apply(*build_secrets(new_database(kubectl)))


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_sample_serves_is_copied_and_survives_the_loss_of_its_pods(
    file: Path, namespace: Namespace, operator: Namespace, secrets: None
) -> None:
    body = read_sample(file)
    name, spec = body["metadata"]["name"], body["spec"]
    namespace.apply(body)
    wait_for_condition(namespace, name, "Ready", seconds=600)
    if "gpu" in spec.get("encoder", {}):
        wait_for_condition(namespace, name, "Degraded", "True", "RunningOnCPU")
    with namespace.http(f"service/{name}", PORT) as http:
        version = add(http, name, TEXTS)
        assert find(http, name, min_version=version) == "cat"
    take_snapshot(namespace, name)
    if spec.get("storage", {}).get("type") == "S3":
        check_copy(namespace, name, spec)
    lose_pods(namespace, name)
    wait_for_condition(namespace, name, "Ready")
    with namespace.http(f"service/{name}", PORT) as http:
        assert find(http, name) == "cat"
    delete(namespace, name, spec)


def take_snapshot(namespace: Namespace, name: str) -> None:
    namespace.apply(build_snapshot(f"{name}-asked", name))
    status = wait_for_snapshot(namespace, f"{name}-asked")
    assert status["documents"] == len(TEXTS)
    assert status["sizeBytes"] > 0


def check_copy(namespace: Namespace, name: str, spec: dict[str, Any]) -> None:
    """A new index, filled from the snapshot, gives the same answers."""
    copy = {key: value for key, value in spec.items() if key not in ("autoscaling", "replicas")}
    copy |= {"bootstrap": {"snapshot": f"{name}-asked"}, "deletionPolicy": "Delete"}
    namespace.apply(build_index("copy", **copy))
    wait_for_condition(namespace, "copy", "Ready", seconds=300)
    with (
        namespace.http(f"service/{name}", PORT) as http,
        namespace.http("service/copy", PORT) as other,
    ):
        assert rank(http, name) == rank(other, "copy")
    delete(namespace, "copy", copy)


def delete(namespace: Namespace, name: str, spec: dict[str, Any]) -> None:
    """It goes, and what its policy says with it."""
    namespace.run("delete", "embeddingindex", name, "--timeout=120s", seconds=150)
    namespace.run("wait", "--for=delete", f"deployment/{name}", "--timeout=90s", seconds=120)
    claims = namespace.get("pvc")["items"]
    left = [
        each["metadata"]["name"] for each in claims if "deletionTimestamp" not in each["metadata"]
    ]
    is_file = spec.get("database", {}).get("type") != "PostgreSQL"
    is_kept = spec.get("deletionPolicy", "Retain") == "Retain"
    assert (f"{name}-data" in left) == (is_file and is_kept)


def test_scale_goes_to_three_and_back(
    namespace: Namespace, operator: Namespace, secrets: None
) -> None:
    body = read_sample(ROOT / "examples" / "kubernetes" / "postgresql.yaml")
    body["spec"]["replicas"] = 1
    namespace.apply(body)
    wait_for_condition(namespace, "products", "Ready")
    for replicas in (3, 1):
        namespace.run("scale", "embeddingindex/products", f"--replicas={replicas}")
        namespace.wait_for(
            f"jsonpath={{.status.readyReplicas}}={replicas}", "embeddingindex/products"
        )
        wait_for_condition(namespace, "products", "Progressing", "False", "UpToDate")
    assert read_condition(namespace, "products", "Degraded")["status"] == "False"
    selector = namespace.get("embeddingindex", "products")["status"]["selector"]
    assert len(namespace.pods(selector)) == 1

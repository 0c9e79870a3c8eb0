"""Pods that cannot start: the index says what keeps them, and goes on once that is mended."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, image
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import (
    build_index,
    change,
    read_condition,
    wait_for_condition,
)
from tests.e2e.manifests import PORT
from tests.e2e.releases import Release
from tests.e2e.stores import build_secrets, build_storage, new_database

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]


@pytest.mark.parametrize(
    ("spec", "mended", "reason", "told"),
    [
        pytest.param(
            {"podTemplate": {"nodeSelector": {"kubernetes.io/hostname": "nowhere"}}},
            {"podTemplate": None},
            "PodsUnschedulable",
            "didn't match Pod's node affinity/selector",
            id="no-node-takes-it",
        ),
        pytest.param(
            {"resources": {"limits": {"memory": "40Mi"}}},
            {"resources": {"limits": {"memory": "1Gi"}}},
            "CrashLooping",
            "raise resources.limits.memory",
            id="it-has-too-little-memory",
        ),
    ],
)
def test_a_spec_that_keeps_pods_from_starting_is_told_of_and_mended(
    namespace: Namespace,
    operator: Namespace,
    spec: Mapping[str, Any],
    mended: Mapping[str, Any],
    reason: str,
    told: str,
) -> None:
    namespace.apply(build_index("docs", **spec))
    assert told in wait_for_condition(namespace, "docs", "Degraded", "True", reason)["message"]
    ready = read_condition(namespace, "docs", "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "WaitingForReplicas")
    assert told in ready["message"]
    change(namespace, "docs", **mended)
    check_serves(namespace)


def test_a_class_of_volumes_that_is_not_there_is_told_of_and_made(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    missing = f"of-{namespace.name}"
    claim = {"type": "SQLite", "sqlite": {"storageClassName": missing}}
    namespace.apply(build_index("docs", database=claim))
    told = wait_for_condition(namespace, "docs", "Degraded", "True", "VolumePending")
    assert f"docs-data of class {missing}" in told["message"]
    standard = kubectl.get("storageclass", "standard")
    made = {
        **{key: standard[key] for key in ("apiVersion", "kind", "provisioner")},
        "metadata": {"name": missing},
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    namespace.apply(made)
    try:
        check_serves(namespace)
    finally:
        kubectl("delete", "storageclass", missing)


def test_an_image_that_is_not_there_stops_at_the_first_pod_and_is_mended(
    namespace: Namespace, release: Release, kubectl: Kubectl
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    namespace.apply(build_index("docs", **build_storage(), replicas=2))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
    missing = f"{image('index').rpartition(':')[0]}:missing"
    with release.changed({"defaults.images.index.tag": "missing"}):
        told = wait_for_condition(namespace, "docs", "Degraded", "True", "ImagePullFailed")
        assert missing in told["message"]
        assert read_condition(namespace, "docs", "Ready")["status"] == "True"
        with namespace.http("service/docs", PORT) as http:
            assert find(http, "docs") == "cat"
    wait_for_condition(namespace, "docs", "Degraded", "False")
    wait_for_condition(namespace, "docs", "Progressing", "False", "UpToDate")
    check_serves(namespace)


def check_serves(namespace: Namespace) -> None:
    wait_for_condition(namespace, "docs", "Ready")
    wait_for_condition(namespace, "docs", "Degraded", "False")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
        assert find(http, "docs") == "cat"

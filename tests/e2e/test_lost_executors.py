"""A pod is lost while it makes a snapshot: another one makes it."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Manifest, Namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    read_snapshot,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.stores import ADD_ONS, build_secrets, build_storage, new_database
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.bad_day, pytest.mark.timeout(900)]

SILENCE: Manifest = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "nobody-reaches-s3"},
    "spec": {"podSelector": {"matchLabels": {"app": "s3"}}, "policyTypes": ["Ingress"]},
}
"""Whoever begins to talk to S3 hears nothing, and so is at it for long enough to be lost."""


@contextmanager
def silence(kubectl: Kubectl) -> Iterator[None]:
    """S3 is there during the block, and answers nobody."""
    add_ons = Namespace(ADD_ONS, kubectl)
    add_ons.apply(SILENCE)
    try:
        add_ons.run("rollout", "restart", "deployment/s3")  # who talks to it already may go on
        add_ons.roll_out("deployment/s3")
        yield
    finally:
        add_ons.run("delete", "networkpolicy", "nobody-reaches-s3")


def test_a_snapshot_whose_pod_is_lost_is_made_by_another(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    namespace.apply(build_index("docs", **build_storage(), replicas=2))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        version = add(http, "docs", TEXTS)
    with silence(kubectl):
        namespace.apply(build_snapshot("kept", "docs"))

        def find_executor() -> str | None:
            pod: str | None = read_snapshot(namespace, "kept").get("executor", {}).get("pod")
            return pod

        lost = wait_until(find_executor, 60, "a pod is at it")
        namespace.run("delete", "pod", lost, "--force", "--grace-period=0")
        # A minute after its last word; until then it might still be at it.
        wait_until(lambda: find_executor() != lost, 120, "another pod is at it")
        assert read_snapshot(namespace, "kept")["phase"] == "Running"
    status = wait_for_snapshot(namespace, "kept")
    assert status["executor"]["pod"] != lost
    assert (status["attempts"], status["documents"]) == (2, len(TEXTS))
    wait_for_condition(namespace, "docs", "SnapshotHealthy")
    wait_for_condition(namespace, "docs", "Degraded", "False")
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        assert find(http, "docs", min_version=version) == "cat"

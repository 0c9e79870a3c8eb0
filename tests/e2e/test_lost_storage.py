"""The bucket of snapshots is away, or does not let an index write: it serves on, and catches up."""

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find, list_ids
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    read_condition,
    read_snapshot,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.stores import build_secret, build_storage, narrowed_rights, stopped
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.bad_day, pytest.mark.timeout(900)]

LATER = {"dog": "A dog barks at the door"}


@pytest.fixture
def storage(namespace: Namespace) -> dict[str, object]:
    """What a spec says of its snapshots; the keys are there."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test-secret"}
    namespace.apply(build_secret("s3", **keys))
    return {"storage": build_storage()["storage"]}


def test_a_key_without_the_right_to_write_keeps_snapshots_out_and_people_in(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl, storage: dict[str, object]
) -> None:
    namespace.apply(build_index("docs", **storage))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
        with narrowed_rights(kubectl, "Read", "List"):
            namespace.apply(build_snapshot("hasty", "docs", deadline="20s"))
            hasty = wait_for_snapshot(namespace, "hasty", "Failed")
            assert "Denied" in hasty["error"] or "403" in hasty["error"], hasty
            told = wait_for_condition(
                namespace, "docs", "SnapshotHealthy", "False", "LastSnapshotFailed"
            )
            assert hasty["error"] in told["message"]
            namespace.apply(build_snapshot("patient", "docs"))
            wait_until(
                lambda: read_snapshot(namespace, "patient").get("error"), 60, "it is told why"
            )
            add(http, "docs", LATER)
            assert find(http, "docs") == "cat"
            assert read_condition(namespace, "docs", "Ready")["status"] == "True"
        assert wait_for_snapshot(namespace, "patient")["documents"] == len(TEXTS) + len(LATER)
        wait_for_condition(namespace, "docs", "SnapshotHealthy")


def test_a_snapshot_that_is_due_while_its_bucket_is_away_is_made_when_it_is_back(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl, storage: dict[str, object]
) -> None:
    schedule = {"snapshots": {"schedule": "* * * * *"}}
    with stopped(kubectl, "s3"):
        namespace.apply(build_index("docs", **storage, **schedule))
        wait_for_condition(namespace, "docs", "Ready")
        with namespace.http("service/docs", PORT) as http:
            add(http, "docs", TEXTS)

            def find_put_off() -> str | None:
                """The snapshot that was due, once it is told what it waits for."""
                for each in namespace.get("embeddingindexsnapshots")["items"]:
                    if "snapshot store" in (each.get("status", {}).get("error") or ""):
                        return str(each["metadata"]["name"])
                return None

            name = wait_until(find_put_off, 120, "a snapshot was due and is put off")
            add(http, "docs", LATER)
            assert find(http, "docs") == "cat"
            assert read_condition(namespace, "docs", "Ready")["status"] == "True"
    assert wait_for_snapshot(namespace, name)["documents"] == len(TEXTS) + len(LATER)
    wait_for_condition(namespace, "docs", "SnapshotHealthy")


def test_a_pod_that_starts_while_the_bucket_is_away_is_well_again_when_it_is_back(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl, storage: dict[str, object]
) -> None:
    namespace.apply(build_index("docs", **storage))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
    with stopped(kubectl, "s3"):
        namespace.run("rollout", "restart", "deployment/docs")
        told = wait_for_condition(namespace, "docs", "Degraded", "True", "SnapshotLoadFailed")
        assert "snapshot store" in told["message"]
        wait_for_condition(namespace, "docs", "Available")
        with namespace.http("service/docs", PORT) as http:
            assert find(http, "docs") == "cat"
            assert list_ids(http, "docs") == set(TEXTS)
    wait_for_condition(namespace, "docs", "Degraded", "False")

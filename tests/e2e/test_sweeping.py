"""An index without pods: what no snapshot object holds goes all the same, by a Job."""

import json
from collections.abc import Mapping
from typing import Any

import obstore
import pytest
from obstore.store import S3Store

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, find
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.stores import BUCKET, build_secrets, build_storage, new_database, open_bucket
from waiting import wait_until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

SERVERS = "gpu-embedding.io/index=swept,gpu-embedding.io/role=server"
SECONDS = 400
"""An index rests for two minutes before it is swept; then a pod starts."""


def test_what_nobody_holds_goes_from_an_index_at_zero(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))
    namespace.apply(build_index("swept", **build_storage(), deletionPolicy="Delete"))
    wait_for_condition(namespace, "swept", "Ready", seconds=600)
    first = take_snapshot(namespace, "first", TEXTS)
    second = take_snapshot(namespace, "second", {"dog": "A dog barks at the door"})
    folder = first["uri"].removeprefix(f"s3://{BUCKET}/").rpartition("/")[0]
    with open_bucket(kubectl) as bucket:
        ids = {path: read_id(bucket, path) for path in list_manifests(bucket, folder)}
        assert sorted(ids.values()) == sorted([first["snapshotId"], second["snapshotId"]])
        go_to_zero(namespace)
        namespace.run("delete", "embeddingindexsnapshot", "first")
        wait_until(
            lambda: len(list_manifests(bucket, folder)) < len(ids),
            SECONDS,
            "the snapshot that nobody holds is gone",
        )
        (left,) = list_manifests(bucket, folder)
        assert ids[left] == second["snapshotId"]
    namespace.wait_for("complete", "job/swept-sweep")
    assert namespace.pods(SERVERS) == []
    namespace.run("scale", "embeddingindex/swept", "--replicas=1")
    namespace.run("wait", "--for=delete", "job/swept-sweep", "--timeout=60s", seconds=90)
    wait_for_condition(namespace, "swept", "Available")
    check_copy(namespace)
    namespace.run("delete", "embeddingindex", "swept", "--timeout=120s", seconds=150)


def take_snapshot(namespace: Namespace, name: str, texts: Mapping[str, str]) -> dict[str, Any]:
    """Of the index with these documents more; its status."""
    with namespace.http("service/swept", PORT) as http:
        add(http, "swept", texts)
    namespace.apply(build_snapshot(name, "swept"))
    return wait_for_snapshot(namespace, name)


def list_manifests(bucket: S3Store, folder: str) -> list[str]:
    """Of the snapshots that are there."""
    return [each["path"] for page in obstore.list(bucket, f"{folder}/snapshots") for each in page]


def read_id(bucket: S3Store, manifest: str) -> str:
    identity: str = json.loads(bytes(obstore.get(bucket, manifest).bytes()))["id"]
    return identity


def go_to_zero(namespace: Namespace) -> None:
    namespace.run("scale", "embeddingindex/swept", "--replicas=0")
    wait_for_condition(namespace, "swept", "Ready", reason="ScaledToZero")
    wait_until(lambda: not namespace.pods(SERVERS), 120, "its pods end")


def check_copy(namespace: Namespace) -> None:
    """The snapshot that stayed is whole: an index that is filled from it finds."""
    copy = {**build_storage(), "bootstrap": {"snapshot": "second"}, "deletionPolicy": "Delete"}
    namespace.apply(build_index("copy", **copy))
    wait_for_condition(namespace, "copy", "Ready", seconds=300)
    with namespace.http("service/copy", PORT) as http:
        assert find(http, "copy") == "cat"
    namespace.run("delete", "embeddingindex", "copy", "--timeout=120s", seconds=150)

"""A bit flips in the bucket: who reads the snapshot refuses it, says so, and answers rightly."""

import json
from collections.abc import Iterator
from typing import Any

import obstore
import pytest
from obstore.store import S3Store

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace
from tests.e2e.documents import TEXTS, add, rank
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    change,
    lose_pods,
    read_condition,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.stores import (
    build_secrets,
    build_storage,
    damage,
    find_folder,
    list_files,
    new_database,
    open_bucket,
)

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(1800)]

RETRY = 400.0
"""Seconds in which what is damaged is looked at again: five minutes at most."""
Status = dict[str, Any]


@pytest.fixture
def secrets(namespace: Namespace, kubectl: Kubectl) -> None:
    namespace.apply(*build_secrets(new_database(kubectl)))


@pytest.fixture
def bucket(kubectl: Kubectl) -> Iterator[S3Store]:
    with open_bucket(kubectl) as opened:
        yield opened


def test_a_pod_does_not_begin_with_a_damaged_segment_and_the_next_snapshot_mends_it(
    namespace: Namespace, operator: Namespace, bucket: S3Store, secrets: None
) -> None:
    before = prepare(namespace)
    manifest = read_manifest(bucket, take_snapshot(namespace, "first"))
    segments = manifest["segments"]["items"]
    files = [blob["name"] for each in segments for blob in each["files"].values()]
    whole = damage(bucket, [f"{manifest['index']['uid']}/{name}" for name in files])
    lose_pods(namespace, "docs")
    told = wait_for_condition(namespace, "docs", "Degraded", "True", "SnapshotLoadFailed")
    assert "expected sha256" in told["message"]
    check_answers(namespace, before)
    take_snapshot(namespace, "second")
    wait_for_condition(namespace, "docs", "Degraded", "False")
    assert {name: bytes(obstore.get(bucket, name).bytes()) for name in whole} == whole
    lose_pods(namespace, "docs")
    wait_for_condition(namespace, "docs", "Ready")
    wait_for_condition(namespace, "docs", "Degraded", "False")
    check_answers(namespace, before)


def test_a_reload_of_a_damaged_snapshot_is_given_up_and_what_was_searched_stays(
    namespace: Namespace, operator: Namespace, bucket: S3Store, secrets: None
) -> None:
    first, second, before = fill(namespace)
    change(namespace, "docs", reload={"snapshot": second["snapshotId"]})
    wait_for_reload(namespace, "snapshot", second)
    (name,) = [each for each in list_manifests(bucket, first) if has_id(bucket, each, first)]
    whole = damage(bucket, [name])
    change(namespace, "docs", reload={"snapshot": first["snapshotId"]})
    told = wait_for_condition(namespace, "docs", "Degraded", "True", "SnapshotLoadFailed")
    assert first["snapshotId"] in told["message"]
    assert name in told["message"]
    wait_for_reload(namespace, "refused", first)
    status = namespace.get("embeddingindex", "docs")["status"]["reload"]
    assert status["snapshot"] == second["snapshotId"]
    check_answers(namespace, before)
    obstore.put(bucket, name, whole[name])
    change(namespace, "docs", reload=None)
    wait_for_condition(namespace, "docs", "Degraded", "False")
    change(namespace, "docs", reload={"snapshot": first["snapshotId"]})
    wait_for_reload(namespace, "snapshot", first)
    wait_for_condition(namespace, "docs", "Degraded", "False")
    check_answers(namespace, before)


@pytest.mark.bad_day
def test_an_index_is_filled_from_a_damaged_snapshot_only_once_it_is_whole_again(
    namespace: Namespace, operator: Namespace, bucket: S3Store, secrets: None
) -> None:
    first, _, before = fill(namespace)
    manifest = read_manifest(bucket, first)
    names = [f"{manifest['index']['uid']}/{each['blob']['name']}" for each in manifest["documents"]]
    whole = damage(bucket, names)
    copy = {**build_storage(), "bootstrap": {"snapshot": "first"}}
    namespace.apply(build_index("copy", **copy))
    told = wait_for_condition(namespace, "copy", "Degraded", "True", "SnapshotLoadFailed")
    assert names[0] in told["message"]
    assert read_condition(namespace, "copy", "Ready")["reason"] == "Bootstrapping"
    check_answers(namespace, before)  # of who made it
    for name, content in whole.items():
        obstore.put(bucket, name, content)
    wait_for_condition(namespace, "copy", "Ready", seconds=RETRY)
    wait_for_condition(namespace, "copy", "Degraded", "False")
    with namespace.http("service/copy", PORT) as http:
        assert rank(http, "copy") == before


def fill(namespace: Namespace) -> tuple[Status, Status, list[tuple[str, float]]]:
    """An index `docs` with two snapshots, `first` and `second`, and what it answers."""
    before = prepare(namespace)
    return take_snapshot(namespace, "first"), take_snapshot(namespace, "second"), before


def prepare(namespace: Namespace) -> list[tuple[str, float]]:
    """An index `docs` with documents; what it answers."""
    namespace.apply(build_index("docs", **build_storage()))
    wait_for_condition(namespace, "docs", "Ready")
    with namespace.http("service/docs", PORT) as http:
        add(http, "docs", TEXTS)
        return rank(http, "docs")


def take_snapshot(namespace: Namespace, name: str) -> Status:
    namespace.apply(build_snapshot(name, "docs"))
    return wait_for_snapshot(namespace, name)


def check_answers(namespace: Namespace, before: list[tuple[str, float]]) -> None:
    with namespace.http("service/docs", PORT) as http:
        assert rank(http, "docs") == before


def wait_for_reload(namespace: Namespace, field: str, snapshot: Status) -> None:
    """Wait until `status.reload` names a snapshot there."""
    is_named = f"jsonpath={{.status.reload.{field}}}={snapshot['snapshotId']}"
    namespace.wait_for(is_named, "embeddingindex/docs")


def list_manifests(bucket: S3Store, snapshot: Status) -> list[str]:
    """Of all snapshots of the same index."""
    return list(list_files(bucket, f"{find_folder(snapshot['uri'])}/snapshots"))


def read_manifest(bucket: S3Store, snapshot: Status) -> dict[str, Any]:
    bodies = (json.loads(read(bucket, each)) for each in list_manifests(bucket, snapshot))
    return next(each for each in bodies if each["id"] == snapshot["snapshotId"])


def has_id(bucket: S3Store, manifest: str, snapshot: Status) -> bool:
    return bool(json.loads(read(bucket, manifest))["id"] == snapshot["snapshotId"])


def read(bucket: S3Store, name: str) -> bytes:
    return bytes(obstore.get(bucket, name).bytes())

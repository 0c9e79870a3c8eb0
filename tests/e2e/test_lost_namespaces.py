"""A namespace is deleted with its indexes: it goes, and its snapshots are kept elsewhere."""

import pytest

from tests.cluster.kubectl import Kubectl
from tests.e2e.cluster import Namespace, new_namespace
from tests.e2e.documents import TEXTS, add, rank
from tests.e2e.installation import (
    build_index,
    build_snapshot,
    wait_for_condition,
    wait_for_snapshot,
)
from tests.e2e.manifests import PORT
from tests.e2e.stores import (
    BUCKET,
    S3_ENDPOINT,
    build_secrets,
    build_storage,
    list_files,
    new_database,
    open_bucket,
)

pytestmark = [pytest.mark.cluster, pytest.mark.bad_day, pytest.mark.timeout(900)]

POLICIES = {"retained": "Retain", "deleted": "Delete", "last": "SnapshotThenDelete"}
SECONDS = 150
"""In which a namespace with its pods is gone; those have 45 s to end what they do."""


def test_what_a_deleted_namespace_has_left_in_a_bucket_fills_indexes_of_another(
    namespace: Namespace, operator: Namespace, kubectl: Kubectl
) -> None:
    database, keys = build_secrets(new_database(kubectl))
    with new_namespace(kubectl) as lost, open_bucket(kubectl) as bucket:
        lost.apply(database, keys)
        for name, policy in POLICIES.items():
            lost.apply(build_index(name, **build_storage(), deletionPolicy=policy))
        answers, uris = {}, {}
        for name in POLICIES:
            wait_for_condition(lost, name, "Ready")
            with lost.http(f"service/{name}", PORT) as http:
                add(http, name, TEXTS)
                answers[name] = rank(http, name)
            # Two: the newest of all would outlive any sweep.
            uris[name] = [take_snapshot(lost, name, number) for number in range(2)]
        before = list_files(bucket, lost.name)
        kubectl("delete", "namespace", lost.name, f"--timeout={SECONDS}s", seconds=SECONDS + 30)
        assert list_files(bucket, lost.name) == before
    namespace.apply(keys)
    for name, (older, _) in uris.items():  # into an index with a volume, and no bucket
        assert older.startswith(f"s3://{BUCKET}/")
        start = {"uri": older, "endpoint": S3_ENDPOINT, "secret": {"name": "s3"}}
        namespace.apply(build_index(name, bootstrap=start))
    for name in POLICIES:
        wait_for_condition(namespace, name, "Ready")
        with namespace.http(f"service/{name}", PORT) as http:
            assert rank(http, name) == answers[name]


def take_snapshot(namespace: Namespace, index: str, number: int) -> str:
    """Its address."""
    namespace.apply(build_snapshot(f"{index}-{number}", index))
    uri: str = wait_for_snapshot(namespace, f"{index}-{number}")["uri"]
    return uri

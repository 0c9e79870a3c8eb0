"""Objects are read as the API server has them."""

from typing import Any

import pytest
from pydantic import ValidationError

from embedding_operator.resources.data import DatabaseType
from embedding_operator.resources.index import IndexSpec, Metric
from embedding_operator.resources.objects import parse_index, parse_meta, parse_snapshot
from embedding_operator.resources.snapshot import RetentionClass

META = {
    "namespace": "search",
    "name": "products",
    "uid": "1-2-3",
    "generation": 4,
    "creationTimestamp": "2026-11-28T03:25:55Z",
}


def body(spec: Any = None, **rest: Any) -> dict[str, Any]:
    return {"metadata": META, "spec": spec or {}, **rest}


def test_the_smallest_index_has_the_defaults_of_the_schema() -> None:
    spec = parse_index(body()).spec
    assert spec == IndexSpec()
    assert (spec.replicas, spec.metric, spec.paused, spec.database) == (
        1,
        Metric.COSINE,
        False,
        None,
    )


def test_an_index_without_a_spec_or_a_status_is_the_smallest_one() -> None:
    index = parse_index({"metadata": META})
    assert index.spec == IndexSpec()
    assert index.status.conditions is None


def test_names_of_the_outside_are_read() -> None:
    spec = {
        "database": {"type": "SQLite", "sqlite": {"storageClassName": "fast"}},
        "podTemplate": {"nodeSelector": {"disk": "ssd"}, "affinity": {"nodeAffinity": {}}},
        "resources": {"requests": {"cpu": 2, "memory": "2Gi"}},
    }
    found = parse_index(body(spec)).spec
    assert found.database is not None
    assert found.database.type is DatabaseType.SQLITE
    assert found.database.sqlite is not None
    assert found.database.sqlite.storage_class_name == "fast"
    assert found.pod_template is not None
    assert found.pod_template.affinity == {"nodeAffinity": {}}
    assert found.resources is not None
    assert found.resources.requests == {"cpu": 2, "memory": "2Gi"}


def test_what_is_read_is_written_as_it_was() -> None:
    spec = {
        "model": "small",
        "aliases": ["shop"],
        "snapshots": {"timeZone": "Europe/Berlin"},
        "autoscaling": {"max": 3, "targets": {"inFlight": 8}},
    }
    found = parse_index(body(spec)).spec
    assert found.model_dump(mode="json", by_alias=True, exclude_unset=True) == spec


def test_a_field_of_a_newer_operator_is_passed_over() -> None:
    index = parse_index(body({"shards": 3}, status={"mood": "good", "phase": "Running"}))
    assert (index.spec, index.status.phase) == (IndexSpec(), "Running")


def test_a_spec_that_an_older_definition_let_through_is_refused() -> None:
    with pytest.raises(ValidationError, match="deletionPolicy"):
        parse_index(body({"deletionPolicy": "Shred"}))


def test_a_status_is_read_with_what_outlives_the_operator() -> None:
    status = {
        "resolved": {"databaseSecret": "db", "s3": {"bucket": "b"}},
        "autoscaling": {"lastScaleTime": "2026-11-28T03:25:55Z"},
    }
    found = parse_index(body(status=status)).status
    assert found.resolved is not None
    assert found.resolved.database_secret == "db"  # noqa: S105  a Secret's name
    assert found.resolved.s3 is not None
    assert found.resolved.s3.bucket == "b"
    assert found.autoscaling is not None
    assert found.autoscaling.last_scale_time == "2026-11-28T03:25:55Z"


def test_a_snapshot_is_read_with_its_defaults() -> None:
    found = parse_snapshot(body({"indexRef": {"name": "products"}}, status={"sizeBytes": 7}))
    assert (found.spec.index_ref.name, found.spec.deadline) == ("products", "1h")
    assert found.spec.retention is RetentionClass.KEEP
    assert found.status.size_bytes == 7


def test_a_snapshot_of_no_index_is_refused() -> None:
    with pytest.raises(ValidationError, match="indexRef"):
        parse_snapshot(body())


def test_metadata_is_read_with_what_may_be_missing() -> None:
    meta = parse_meta({"metadata": {"namespace": "search", "name": "products"}})
    assert (meta.uid, meta.generation, meta.created, meta.deleted) == ("", 0, "", None)
    assert (meta.finalizers, meta.labels, meta.annotations) == ((), {}, {})


def test_metadata_of_what_is_being_deleted_says_so() -> None:
    gone = {**META, "deletionTimestamp": "2026-11-28T04:00:00Z", "finalizers": ["a"]}
    meta = parse_meta({"metadata": gone})
    assert (meta.deleted, meta.finalizers) == ("2026-11-28T04:00:00Z", ("a",))


def test_an_index_is_known_by_its_uid_below_its_namespace() -> None:
    assert parse_index(body()).key == "search/1-2-3"

"""EmbeddingIndexes and their snapshots as tests need them, and the installation they live in."""

from datetime import UTC, datetime, timedelta
from typing import Any

from embedding_operator.defaults import Defaults
from embedding_operator.names import GROUP, INDEXES, SNAPSHOTS
from embedding_operator.plan.setting import Setting
from embedding_operator.resolution.resolve import resolve
from embedding_operator.resolution.wanted import Wanted, want
from embedding_operator.resources.objects import (
    EmbeddingIndex,
    EmbeddingIndexSnapshot,
    parse_index,
    parse_snapshot,
)
from embedding_operator.resources.times import write_time

NOW = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)
NAMESPACE = "team"
UID = "0f6e2a34-aaaa-4bbb-8ccc-000000000001"
DEFAULTS = Defaults.model_validate(
    {
        "model": "minilm",
        "encoder": {"url": "http://tier.embeddings.svc:8001"},
        "images": {"index": "index:1", "server": "server:1"},
        "peers": {"app.kubernetes.io/name": "gpu-embedding-operator"},
    }
)
KEYS = '{"keys": []}'
SETTING = Setting(defaults=DEFAULTS, operator="system/main", operator_keys=KEYS)

POSTGRESQL = {"type": "PostgreSQL", "postgresql": {"secret": {"name": "database"}}}
S3 = {"type": "S3", "s3": {"bucket": "snapshots", "secret": {"name": "bucket"}}}
SHARED: dict[str, Any] = {"database": POSTGRESQL, "storage": S3}
"""What more than one replica needs."""


def index_body(
    spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None, **meta: Any
) -> dict[str, Any]:
    """As the API server has it; `meta` names what is not as usual."""
    metadata = {
        "name": "docs",
        "namespace": NAMESPACE,
        "uid": UID,
        "resourceVersion": "7",
        "generation": 1,
        "creationTimestamp": write_time(NOW - timedelta(days=1)),
        **meta,
    }
    body = {"apiVersion": INDEXES.api, "kind": INDEXES.kind, "metadata": metadata}
    return {**body, "spec": spec or {}, "status": status or {}}


def an_index(
    spec: dict[str, Any] | None = None, status: dict[str, Any] | None = None, **meta: Any
) -> EmbeddingIndex:
    return parse_index(index_body(spec, status, **meta))


def wanted(
    spec: dict[str, Any] | None = None, defaults: Defaults = DEFAULTS, **meta: Any
) -> Wanted:
    """An index as it is to be, with every alias of its leading to it."""
    index = an_index(spec, **meta)
    return want(
        index,
        resolve(index.spec, defaults),
        defaults,
        replicas=index.spec.replicas,
        operator_keys=KEYS,
        aliases=tuple(index.spec.aliases or ()),
    )


def snapshot_body(
    name: str = "docs-1",
    status: dict[str, Any] | None = None,
    spec: dict[str, Any] | None = None,
    *,
    age: timedelta = timedelta(minutes=5),
    **meta: Any,
) -> dict[str, Any]:
    metadata = {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-of-{name}",
        "resourceVersion": "8",
        "generation": 1,
        "creationTimestamp": write_time(NOW - age),
        **meta,
    }
    body = {"apiVersion": SNAPSHOTS.api, "kind": SNAPSHOTS.kind, "metadata": metadata}
    return {**body, "spec": {"indexRef": {"name": "docs"}, **(spec or {})}, "status": status or {}}


def a_snapshot(
    name: str = "docs-1",
    phase: str | None = None,
    *,
    age: timedelta = timedelta(minutes=5),
    spec: dict[str, Any] | None = None,
    maker: str | None = UID,
    **status: Any,
) -> EmbeddingIndexSnapshot:
    """A snapshot; `status` in the words of the API, `maker` an index, or None for a person."""
    told = status if phase is None else {"phase": phase, **status}
    labels = {} if maker is None else {f"{GROUP}/index-uid": maker}
    return parse_snapshot(snapshot_body(name, told, spec, age=age, labels=labels))

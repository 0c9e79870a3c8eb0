"""EmbeddingIndexSnapshot: one snapshot, asked for and told of. While it exists, its data stays."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from embedding_operator.resources.shape import Duration, ObjectName, Shape, keyed_by, validated
from embedding_operator.resources.status import Condition


class RetentionClass(StrEnum):
    """What ends a snapshot."""

    KEEP = "Keep"
    EXPIRE = "Expire"


class SnapshotPhase(StrEnum):
    """Where a snapshot stands."""

    PENDING = "Pending"
    RUNNING = "Running"
    COMPLETED = "Completed"
    FAILED = "Failed"


class IndexReference(Shape):
    """An EmbeddingIndex of the same namespace."""

    name: ObjectName
    """Its name."""


class SnapshotSpec(Shape):
    """What is asked for. Cannot change."""

    model_config = ConfigDict(
        json_schema_extra=validated(
            ("self == oldSelf", "a snapshot cannot change: make another one")
        )
    )

    index_ref: IndexReference
    """The index."""
    retention: RetentionClass = RetentionClass.KEEP
    """`Keep` (default): it stays until this object is deleted. `Expire`: this object is deleted as
    the index's `snapshots.retention` says; the schedule makes those."""
    deadline: Duration = "1h"
    """Time after which it has failed, for example `30m`; 1h by default."""


class Executor(Shape):
    """Who makes it."""

    pod: str
    """Name of the pod."""
    instance: str
    """Its process, which ends with the pod or before it."""
    job: str
    """Id of the work there."""


class SnapshotStatus(Shape):
    """What has come of it."""

    observed_generation: int | None = None
    """metadata.generation that was looked at last."""
    phase: SnapshotPhase | None = None
    """Pending, Running, Completed or Failed."""
    conditions: (
        Annotated[list[Condition], Field(max_length=8, json_schema_extra=keyed_by("type"))] | None
    ) = None
    """Completed or Failed, once it has ended (docs/conditions.md)."""
    snapshot_id: str | None = None
    """Id in the storage."""
    uri: str | None = None
    """Where it lies; `bootstrap.uri` takes it."""
    endpoint: str | None = None
    """Address of the server that speaks S3 where it lies; Amazon's own where there is none."""
    version: int | None = None
    """Version of the index that it holds."""
    documents: int | None = None
    """Documents in it."""
    size_bytes: int | None = None
    """Bytes of its files."""
    checksum: str | None = None
    """sha256 of its manifest, which has those of all files."""
    dimension: int | None = None
    """Numbers of a vector."""
    metric: str | None = None
    """How near two vectors are."""
    fingerprint: str | None = None
    """Of the model."""
    index_uid: str | None = None
    """`status.dataUid` of the index that has taken it on, which may be gone."""
    attempts: int | None = None
    """Tries so far: three at most where pods are lost, any number where storage or database are
    away, until its deadline."""
    executor: Executor | None = None
    """Who makes it, or made it last."""
    started_at: str | None = None
    """RFC 3339."""
    completed_at: str | None = None
    """RFC 3339."""
    error: Annotated[str, Field(max_length=2048)] | None = None
    """What it waits for, or why it has failed."""

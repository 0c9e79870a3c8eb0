"""One line of the table of problems, and those lines that are about indexes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from embedding_service.errors import ServiceError
from embedding_service.indexes import errors
from embedding_service.indexes.snapshots import errors as of_snapshots

TeiType: TypeAlias = Literal["Unhealthy", "Backend", "Overloaded", "Validation"]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    status: int
    title: str
    tei: TeiType
    """Name that text-embeddings-inference has for this kind of error."""
    meaning: str
    """A sentence for whoever gets it."""


OF_INDEXES: Final[Mapping[type[ServiceError], Row]] = {
    errors.DimensionMismatch: Row(
        422,
        "Dimension mismatch",
        "Validation",
        "The index holds vectors of another length; the message tells both.",
    ),
    errors.BadFilter: Row(
        422,
        "Bad filter",
        "Validation",
        "The filter cannot be understood, or names a field that the index does not declare.",
    ),
    errors.KeyReused: Row(
        422,
        "Idempotency key reused",
        "Validation",
        "The `Idempotency-Key` came before, with another body; a new write needs a new key.",
    ),
    errors.NotConfirmed: Row(
        422,
        "Not confirmed",
        "Validation",
        "What cannot be undone must be confirmed by the name of what is removed.",
    ),
    errors.NotFound: Row(
        404,
        "Not found",
        "Validation",
        "There is no such index, document or alias.",
    ),
    errors.ManagedElsewhere: Row(
        405,
        "Managed elsewhere",
        "Validation",
        "The server serves one index alone (`INDEX_NAME`); it is managed with kubectl.",
    ),
    errors.Conflict: Row(
        409,
        "Conflict",
        "Validation",
        "The name is taken, or the state of things forbids it.",
    ),
    errors.ModelMismatch: Row(
        409,
        "Model mismatch",
        "Validation",
        "The index is of another model than is served; the message tells both fingerprints.",
    ),
    errors.RecordUnavailable: Row(
        503,
        "Record unavailable",
        "Unhealthy",
        "The database does not answer; come back after `Retry-After` seconds.",
    ),
    errors.VersionNotReached: Row(
        503,
        "Version not reached",
        "Unhealthy",
        "What `min_version` asks for is not to be found here yet; come back after `Retry-After` "
        "seconds.",
    ),
    errors.OutOfSpace: Row(
        507,
        "Out of space",
        "Backend",
        "No room for more: disk, memory, or the index's quota. What was there is untouched.",
    ),
    errors.IndexDamaged: Row(
        503,
        "Index damaged",
        "Unhealthy",
        "A row or a file is not what was written; the service's operator must act.",
    ),
    errors.RecordLocked: Row(
        503,
        "Record locked",
        "Unhealthy",
        "Another process owns the database file; told at the start, never in an answer.",
    ),
    of_snapshots.SnapshotStoreUnavailable: Row(
        503,
        "Snapshot store unavailable",
        "Unhealthy",
        "The store of snapshots does not answer, or cannot keep them safely; come back after "
        "`Retry-After` seconds.",
    ),
    of_snapshots.SnapshotTooNew: Row(
        409,
        "Snapshot too new",
        "Validation",
        "A later version of this product wrote the snapshot; the message tells both formats.",
    ),
    of_snapshots.DamagedSnapshot: Row(
        503,
        "Snapshot damaged",
        "Unhealthy",
        "A file of a snapshot is not what was published; the service's operator must act.",
    ),
}

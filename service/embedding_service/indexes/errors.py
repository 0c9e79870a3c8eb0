"""What can go wrong with indexes; same tree as embedding_service/errors.py.

InvalidRequest
├── DimensionMismatch     vectors of another length than the index holds
├── BadFilter             a filter that is none                   position
├── KeyReused             an idempotency key came with another body
└── NotConfirmed          a removal without the name of what is removed
NotFound                   no such index, document, snapshot, job or alias
ManagedElsewhere           this process serves one index, which others make and drop
Conflict                   the name is taken, or the state forbids it
├── ModelMismatch         vectors of another model than the index is of
└── SnapshotTooNew        written by a newer version of this product
Unavailable
├── RecordUnavailable     the database does not answer
├── SnapshotStoreUnavailable   the store does not answer, or cannot keep snapshots safely
└── VersionNotReached     not applied yet                         lag
OutOfSpace                 no disk, no memory, or the index's quota is used up
IndexDamaged               a row or a file is not what was written; a person must act
DamagedSnapshot            a file of a snapshot is not what was published; a person must act
RecordLocked               another process owns the database file (at start only)

Those of snapshots are in snapshots/errors.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from embedding_service.errors import InvalidRequest, Issue, ServiceError, Unavailable


class DimensionMismatch(InvalidRequest):
    """Vectors of another length than the index holds."""

    code = "dimension_mismatch"

    def __init__(self, index: str, expected: int, given: int, position: int | None = None) -> None:
        super().__init__(
            f"index {index!r} holds vectors of {expected} dimensions, the request has {given}; "
            f"embed with the index's model, or create an index with dimension {given}",
            [Issue(f"has {given} dimensions instead of {expected}", position, "vector")],
        )


class BadFilter(InvalidRequest):
    """A filter that is none; `where` leads to the part at fault, like `filter.and[1].year`."""

    code = "bad_filter"

    def __init__(self, where: str, message: str) -> None:
        super().__init__(f"{where} {message}", [Issue(message, path=where)])
        self.where = where


class KeyReused(InvalidRequest):
    """An idempotency key that came before, with another body."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__(
            "this Idempotency-Key came before with another body; send a new key with a new body"
        )


class NotConfirmed(InvalidRequest):
    """What cannot be undone must be confirmed by name."""

    code = "not_confirmed"

    def __init__(self, name: str) -> None:
        super().__init__(f"this cannot be undone; confirm it with `confirm={name}`")


class NotFound(ServiceError):
    """There is no such thing; `kind` is one word."""

    code = "not_found"

    def __init__(self, kind: str, name: str, known: Sequence[str] = ()) -> None:
        told = f"; there are: {', '.join(known)}" if known else ""
        super().__init__(f"no {kind} {name!r} here{told}")
        self.kind = kind


class ManagedElsewhere(ServiceError):
    """Which indexes there are is not decided here."""

    code = "managed_elsewhere"

    def __init__(self, name: str, what: str = "indexes are made and dropped") -> None:
        """`what` begins the sentence that ends with where it is done."""
        super().__init__(
            f"this server serves index {name!r} alone; {what} with kubectl, as EmbeddingIndex and "
            "EmbeddingIndexSnapshot resources"
        )


class Conflict(ServiceError):
    """The name is taken, or the state of things forbids it."""

    code = "conflict"


class ModelMismatch(Conflict):
    """Vectors of another model than the index is of."""

    code = "model_mismatch"

    def __init__(self, index: str, expected: str, given: str) -> None:
        super().__init__(
            f"index {index!r} is of a model with fingerprint {expected}, this server's has "
            f"{given}; serve the model the index was made with, or reindex into a new index"
        )


class RecordUnavailable(Unavailable):
    """The database does not answer; nothing was written, or the answer to a write was lost."""

    code = "record_unavailable"


class VersionNotReached(Unavailable):
    """The wanted version has not been applied here in the time allowed."""

    code = "version_not_reached"

    def __init__(self, index: str, wanted: int, applied: int) -> None:
        super().__init__(
            f"index {index!r} is at version {applied} here, {wanted - applied} behind {wanted}"
        )
        self.lag = wanted - applied


class OutOfSpace(ServiceError):
    """No room for more: disk, memory, or the index's quota. What was there is untouched."""

    code = "out_of_space"


class IndexDamaged(ServiceError):
    """A row or a file is not what was written. The message names it and the way back."""

    code = "index_damaged"

    def __init__(self, index: str, message: str) -> None:
        super().__init__(f"index {index!r}: {message}")
        self.index = index
        self.reason = message


class RecordLocked(ServiceError):
    """Another process owns the database file."""

    code = "record_locked"

    def __init__(self, folder: str) -> None:
        super().__init__(
            f"another process has its indexes in {folder}; stop it, set DATA_DIR to another "
            "folder, or set DATABASE_URL to a PostgreSQL that several processes may share"
        )


@dataclass(frozen=True, slots=True)
class Damage:
    """A row that is not what was written, and so ends an index."""

    reason: str
    version: int
    """Of the record, when the row was found; a later write may be its mending."""

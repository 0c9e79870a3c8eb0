"""Documents as values: on their way into the record, out of it, and as what changed meanwhile.

Columns rather than objects where there may be a million of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from embedding_service.vectors import Matrix


class Point(NamedTuple):
    """A place in the history of an index, known again by those who were there.

    Versions alone are no history: a database that has lost its last writes (a failover, an older
    copy put back) gives their numbers to others.
    """

    version: int
    commit_id: int
    """Of the write that ended there, drawn at random."""


class Step(NamedTuple):
    """One write in the history of an index."""

    start: Point
    end: Point


@dataclass(frozen=True, slots=True)
class Puts:
    """Documents to add or replace, checked, no id twice."""

    ids: Sequence[str]
    texts: Sequence[str | None]
    metadata: Sequence[bytes | None]
    """JSON objects in UTF-8, kept to the byte; None has no metadata."""
    matrix: Matrix
    """Shape (n, d), as searched: of unit length for cosine."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What happened to an index in one stretch of versions: at most one row a document, its newest.

    All columns have n entries, in the order of `versions`, which may have gaps (rows replaced
    later on).
    """

    keys: NDArray[np.int64]
    """The document's number within its index, from 1: stable, never reused, given in order."""
    versions: NDArray[np.int64]
    ids: Sequence[str]
    is_deleted: NDArray[np.bool_]
    matrix: Matrix
    """Shape (n, d); zeros where deleted."""
    metadata: Sequence[bytes | None]
    version: int
    """Every change up to here and after the stretch's start is in it."""
    head: Point | None = None
    """Where the index was when the stretch was read; None of what was never read."""


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the record has it."""

    key: int
    version: int
    id: str
    text: str | None
    metadata: bytes | None
    vector: NDArray[np.float32]
    """Shape (d,)."""


@dataclass(frozen=True, slots=True)
class Scan:
    """All documents of an index, as one database snapshot shows them."""

    version: int
    count: int
    batches: Iterator[Sequence[Document]]
    """In the order of keys; read once, while the scan is open."""


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A caller's name for one write, and what it wrote."""

    key: str
    digest: bytes
    """sha256 of the body."""
    answer: Sequence[str | None] | None = None
    """Ids to tell when it comes again; None tells those that were written."""


@dataclass(frozen=True, slots=True)
class Committed:
    """One write that is durable."""

    version: int
    """The index's version after it."""
    changes: Changes
    """The rows it wrote; none when it was a repetition or changed nothing."""
    ids: Sequence[str | None]
    """Of the write that this one repeats, where it does; else those it wrote or removed."""
    is_repeated: bool = False
    """Whether an earlier write with the same idempotency key has done it already."""
    step: Step | None = None
    """Where it stands in the history; None when it was a repetition or changed nothing."""

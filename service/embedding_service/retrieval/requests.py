"""What callers ask of indexes and what they get: values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from embedding_service.errors import Issue
from embedding_service.indexes.definition import Engine, FieldType, Metric
from embedding_service.indexes.documents import IdempotencyKey
from embedding_service.indexes.headroom import Shortage
from embedding_service.indexes.tuning import Tuning
from embedding_service.inference.requests import Terms
from embedding_service.vectors import Matrix

DEFAULT_INDEX: Final = "default"
"""Made when something is first added to it, of the default model."""

Include: TypeAlias = Literal["text", "metadata", "vector"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewIndex:
    """An index to create; the name alone is enough."""

    name: str
    model: str | None = None
    """Served name; None is the default model."""
    has_model: bool = True
    """False takes vectors only, of `dimension`."""
    dimension: int | None = None
    """None is the model's own."""
    metric: Metric = Metric.COSINE
    engine: Engine = Engine.AUTO
    tuning: Tuning = field(default_factory=Tuning)
    fields: Mapping[str, FieldType] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewDocument:
    """One document to add, or to put in the place of the one with its id."""

    id: str | None
    """None gets one."""
    text: str | None
    vector: NDArray[np.float32] | None
    """Shape (d,), any d: the index's own is checked later. None is made from the text."""
    metadata: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """Documents to add in one go."""

    documents: Sequence[NewDocument]
    is_atomic: bool = True
    """All or none; False adds what is right and tells what is not."""
    key: IdempotencyKey | None = None
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True)
class Added:
    """What is durable and found by searches from now on."""

    index: str
    ids: Sequence[str | None]
    """One for each document given, in order; None for those refused (not atomic only)."""
    version: int
    issues: Sequence[Issue] = ()
    """What is wrong with those refused, by position."""
    is_repeated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Queries for one index; either texts or vectors."""

    texts: Sequence[str] = ()
    matrix: Matrix | None = None
    """Shape (q, d)."""
    top_k: int = 10
    threshold: float | None = None
    """Least score (for l2: greatest distance) of a hit."""
    filter: Mapping[str, Any] | None = None
    """As it came; see indexes/filters."""
    is_exact: bool = False
    min_version: int | None = None
    """Wait until this version is applied here."""
    cursor: str | None = None
    """From an earlier answer: go on after its last hit. One query only."""
    include: frozenset[Include] = frozenset({"text", "metadata"})
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True, slots=True)
class Hit:
    """One document found."""

    id: str
    score: float
    text: str | None
    """None where it has none, or was not asked for."""
    metadata: bytes | None
    """A JSON object in UTF-8."""
    vector: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits of one query, best first."""

    hits: Sequence[Hit]
    version: int
    """Of the index, as it was searched."""
    is_exact: bool
    """Whether no nearer document can have been missed."""
    scanned: int
    """Vectors compared with the query."""
    cursor: str | None
    """To go on from here; None where nothing may follow."""
    silence: float | None = None
    """Seconds since the database answered last, where it does not answer now; hits have ids and
    scores alone then."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """One document as it is kept."""

    id: str
    version: int
    text: str | None
    metadata: bytes | None
    vector: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Page:
    """Some of an index's documents, oldest first."""

    documents: Sequence[StoredDocument]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Removal:
    """Documents taken out."""

    index: str
    ids: Sequence[str]
    version: int


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    """One snapshot of an index."""

    id: str | None
    """None where it cannot be read; `fault` says why, and nothing else is known."""
    created: datetime | None = None
    version: int | None = None
    """Of the index, as the snapshot has it."""
    count: int | None = None
    """Documents."""
    size: int | None = None
    """Bytes, those included that other snapshots share."""
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Restoration:
    """A snapshot that is to be put back."""

    snapshot: str = "newest"
    """Its id."""
    into: str | None = None
    """Name of an index to be made; None writes over the index itself."""
    confirmation: str | None = None
    """The index's name, where it is written over."""
    from_uid: str | None = None
    """Whose snapshot it is; None is the index itself."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Which snapshots stay when others go; the newest that can be read always does."""

    held: frozenset[str] = frozenset()
    """Ids of those that somebody needs."""
    newest: int | None = None
    """How many, whatever their age; None is as the settings say."""
    younger_than: float | None = None
    """Seconds: all that are younger, whatever their number; None is as the settings say."""


@dataclass(frozen=True, slots=True)
class SourceSnapshot:
    """A snapshot that is to be written over the sole index."""

    snapshot: str = "newest"
    """Its id."""
    from_uid: str | None = None
    """Of which index; None is the sole index itself."""
    url: str | None = None
    """Of the store; None is that of the sole index."""


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    """Whether the database answers."""

    is_reachable: bool
    fault: str | None = None
    silence: float | None = None
    """Seconds since it answered last, where it does not."""


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """One part of an index in memory."""

    engine: str
    rows: int
    live: int
    size: int
    """Bytes."""
    recall: float | None = None
    """recall@10 of its graph, as measured; None where it is searched exactly."""


@dataclass(frozen=True, slots=True)
class IndexFacts:
    """One index, as it is now."""

    name: str
    uid: str
    model: str | None
    fingerprint: str | None
    dimension: int
    metric: Metric
    engine: Engine
    tuning: Tuning
    fields: Mapping[str, FieldType]
    aliases: Sequence[str]
    documents: int
    size: int
    """Bytes of ids, texts, metadata and vectors in the record."""
    version: int
    """Last assigned."""
    applied: int
    """Last applied here; the difference is the lag."""
    memory: int
    """Bytes here."""
    estimate: int
    """Bytes that it would have here with as many documents as was asked for."""
    created_at: float
    """Unix seconds."""
    unbuilt: int
    """Rows that are searched exactly only until they are built."""
    segments: Sequence[SegmentFacts]
    damage: str | None = None
    """Why it has stopped: a row that is not what was written."""


@dataclass(frozen=True, slots=True)
class SoleFacts:
    """The one index of a server, and what it depends on."""

    index: IndexFacts | None
    """None while it is not loaded."""
    begun_from: str | None
    """Id of the snapshot that what is searched was begun from."""
    fault: str | None
    """Why that is not the snapshot that it should be."""
    database: DatabaseFacts
    shortage: Shortage | None = None
    """What there is too little of for another document."""

"""Shapes of the answers of indexes, for /openapi.json alone: what is sent is written by hand."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from embedding_service.api.responses import NativeErrorItem
from embedding_service.indexes.definition import Engine, FieldType, Metric


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class SegmentEntry(_Answer):
    """One part of an index in memory."""

    engine: str
    rows: int
    live: int
    """Rows that are neither removed nor replaced."""
    size_bytes: int
    recall: float | None
    """recall@10 of its graph, measured when it was built; null where it is searched exactly."""


class IndexAnswer(_Answer):
    """One index, as it is now."""

    name: str
    uid: str
    model: str | None
    """null takes vectors alone."""
    fingerprint: str | None
    dimension: int
    metric: Metric
    engine: Engine
    engine_parameters: dict[str, int | float | None]
    """Those that count with this engine; an nlist of null goes by rows."""
    fields: dict[str, FieldType]
    aliases: list[str]
    documents: int
    size_bytes: int
    """Ids, texts, metadata and vectors as they are kept."""
    version: int
    """Of its last write."""
    lag: int
    """Versions that are not to be found here yet."""
    memory_bytes: int
    """In this process."""
    estimated_memory_bytes: int
    """With as many documents as `documents` says, or as there are, all of them built."""
    unbuilt: int
    """Rows that are searched exactly only until they are built; too many, and adds get 429."""
    created_at: str
    """RFC 3339."""
    damage: str | None
    """Why it has stopped, if it has: a row that is not what was written."""
    segments: list[SegmentEntry]


class IndexesAnswer(_Answer):
    """All indexes."""

    indexes: list[IndexAnswer]


class AddAnswer(_Answer):
    """What is kept, and found from now on."""

    ids: list[str | None]
    """One for each document, in order; null for one refused."""
    count: int
    """Of documents added or replaced."""
    version: int
    errors: list[NativeErrorItem] = []
    """Why some were refused, where `atomic` is false."""


class AddToDefaultAnswer(AddAnswer):
    """The same, and where."""

    index: str


class DocumentAnswer(_Answer):
    """One document as it is kept."""

    id: str
    text: str | None
    metadata: dict[str, Any] | None
    version: int
    """Of the index, when this was written."""
    vector: list[float] | None = None
    """Where it was asked for."""


class DocumentsAnswer(_Answer):
    """Some documents, oldest first."""

    documents: list[DocumentAnswer]
    cursor: str | None
    """To go on from here; null at the end."""


class RemovalAnswer(_Answer):
    """What was there and is no more."""

    ids: list[str]
    count: int
    version: int


class SearchResult(_Answer):
    """One document found."""

    id: str
    score: float
    text: str | None = None
    metadata: dict[str, Any] | None = None
    vector: list[float] | None = None


class QueryAnswer(_Answer):
    """What one query found, best first."""

    results: list[SearchResult]
    count: int
    exact: bool
    """Whether no nearer document can have been missed."""
    version: int
    """Of the index, as it was searched."""
    scanned: int
    """Vectors compared with the query."""
    cursor: str | None
    """To go on from here; null where nothing may follow."""
    stale_seconds: float | None = None
    """Only while the database does not answer: since when. Results have ids and scores alone."""


class QueriesAnswer(_Answer):
    """The answers to several queries, in their order."""

    searches: list[QueryAnswer]


class SnapshotAnswer(_Answer):
    """One snapshot."""

    id: str | None
    """null for one that cannot be read."""
    created: str | None
    """RFC 3339, by the clock of the process that made it."""
    version: int | None
    """Of the index, when it was made."""
    count: int | None
    """Documents."""
    size_bytes: int | None
    """Of its files; those that other snapshots need too are counted in each."""
    readable: bool
    fault: str | None
    """Why it cannot be read."""
    problems: list[str] | None = None
    """What is wrong with its files, where `verify` was asked for."""


class SnapshotsAnswer(_Answer):
    """All snapshots of one index, newest first."""

    snapshots: list[SnapshotAnswer]


class JobAnswer(_Answer):
    """Long work on one index, as it is now."""

    id: str
    index: str
    kind: str
    """For example `compact`."""
    state: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    """The last three are final."""
    progress: float
    """0 to 1."""
    phase: str | None
    """What it is at, in a word; null before it begins."""
    error: str | None
    """Why it has failed, in a sentence."""
    detail: dict[str, Any]
    """What is its kind's own: what was asked, and what has come of it."""
    created_at: str
    """RFC 3339."""
    updated_at: str
    """RFC 3339; a job that runs is written of at least every 15 seconds."""


class JobsAnswer(_Answer):
    """The jobs of one index, newest first."""

    jobs: list[JobAnswer]


class AliasAnswer(_Answer):
    """Where an alias leads."""

    alias: str
    index: str


class AliasesAnswer(_Answer):
    """All aliases, each with its index."""

    aliases: dict[str, str]

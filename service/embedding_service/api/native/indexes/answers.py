"""Shapes of the answers of indexes, for /openapi.json alone: what is sent is written by hand."""

from typing import Any

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
    created_at: str
    """RFC 3339."""
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


class QueriesAnswer(_Answer):
    """The answers to several queries, in their order."""

    searches: list[QueryAnswer]


class AliasAnswer(_Answer):
    """Where an alias leads."""

    alias: str
    index: str


class AliasesAnswer(_Answer):
    """All aliases, each with its index."""

    aliases: dict[str, str]

"""Rows into memory: each is checked against its checksum on the way."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, select

from embedding_service.indexes.documents import Changes, Document, Point
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.records.answers import no_changes
from embedding_service.indexes.records.checksums import check
from embedding_service.indexes.records.history import check_point
from embedding_service.indexes.records.places import in_chunks, to_key, to_place
from embedding_service.indexes.records.schema import documents, indexes
from embedding_service.indexes.records.sessions import Database
from embedding_service.vectors import Matrix

_column = documents.c


def read_changes(
    database: Database, uid: str, after: int, most: int, known: Point | None
) -> Changes:
    """See Record.changes. Head and rows are of one snapshot: neither is ahead of the other."""
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        head = Point(index.version, index.commit_id)
        if known is not None:
            check_point(connection, index.id, known, head)
        rows = connection.execute(
            select(documents)
            .where(_column.index_id == index.id, _column.version > after)
            .order_by(_column.version)
            .limit(most)
        ).all()
    if not rows:
        return replace(no_changes(index.version, index.dimension), head=head)
    for row in rows:
        check(row, index.name)
    return Changes(
        keys=np.fromiter((to_key(row.place) for row in rows), np.int64, len(rows)),
        versions=np.fromiter((row.version for row in rows), np.int64, len(rows)),
        ids=[row.id for row in rows],
        is_deleted=np.fromiter((row.is_deleted for row in rows), np.bool_, len(rows)),
        matrix=_to_matrix(rows, index.dimension),
        metadata=[row.metadata for row in rows],
        version=index.version if len(rows) < most else rows[-1].version,
        head=head,
    )


def fetch_documents(database: Database, uid: str, keys: Sequence[int]) -> dict[int, Document]:
    """See Record.fetch."""
    found: dict[int, Document] = {}
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        for chunk in in_chunks(keys):
            places = [to_place(index.id, key) for key in chunk]
            rows = connection.execute(
                select(documents).where(_column.place.in_(places), ~_column.is_deleted)
            )
            found.update((to_key(row.place), to_document(row, index.name)) for row in rows)
    return found


def read_document(database: Database, uid: str, id: str) -> Document:  # noqa: A002
    """See Record.read."""
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        row = connection.execute(
            select(documents).where(
                _column.index_id == index.id, _column.id == id, ~_column.is_deleted
            )
        ).one_or_none()
    if row is None:
        raise NotFound("document", id)
    return to_document(row, index.name)


def read_page(database: Database, uid: str, after: int, most: int) -> list[Document]:
    """See Record.page."""
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        rows = connection.execute(
            select(documents)
            .where(
                _column.place > to_place(index.id, after),
                _column.place < to_place(index.id + 1, 0),
                ~_column.is_deleted,
            )
            .order_by(_column.place)
            .limit(most)
        ).all()
    return [to_document(row, index.name) for row in rows]


def find_row(connection: Connection, uid: str) -> Row[Any]:
    """The row of an index. Raises NotFound; a dropped one is not there."""
    row = connection.execute(
        select(indexes).where(indexes.c.uid == uid, indexes.c.name.is_not(None))
    ).one_or_none()
    if row is None:
        raise NotFound("index", uid)
    return row


def to_document(row: Row[Any], index: str) -> Document:
    """A live row, whole. Raises IndexDamaged."""
    check(row, index)
    vector = np.frombuffer(row.vector, dtype="<f4").astype(np.float32)
    return Document(to_key(row.place), row.version, row.id, row.text, row.metadata, vector)


def _to_matrix(rows: Sequence[Row[Any]], dimension: int) -> Matrix:
    empty = bytes(4 * dimension)
    content = b"".join(empty if row.vector is None else row.vector for row in rows)
    return np.frombuffer(content, dtype="<f4").astype(np.float32).reshape(len(rows), dimension)

"""Add and replace documents: one transaction, one version a row."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypedDict

import numpy as np
from sqlalchemy import Connection, Insert
from sqlalchemy.dialects import postgresql, sqlite

from embedding_service.indexes.documents import Changes, Committed, IdempotencyKey, Puts
from embedding_service.indexes.errors import DimensionMismatch, OutOfSpace
from embedding_service.indexes.records.answers import find_answer, keep_answer
from embedding_service.indexes.records.checksums import compute_crc
from embedding_service.indexes.records.locking import Locked, lock, notify
from embedding_service.indexes.records.lookups import find_by_ids
from embedding_service.indexes.records.places import to_key, to_place
from embedding_service.indexes.records.schema import documents
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.standing import Quota
from embedding_service.vectors import Matrix


class _Row(TypedDict):
    """A row of documents."""

    place: int
    index_id: int
    id: str
    version: int
    is_deleted: bool
    crc: int
    size: int
    changed_at: float
    text: str | None
    metadata: bytes | None
    vector: bytes


@dataclass(frozen=True, slots=True)
class _Old:
    """What a document's row was before."""

    place: int
    size: int
    is_deleted: bool


def put(
    database: Database, uid: str, puts: Puts, quota: Quota, key: IdempotencyKey | None
) -> Committed:
    """See Record.put."""
    with database.writing(uid) as connection:
        index = lock(connection, uid, versions=len(puts.ids))
        if key and (answer := find_answer(connection, index.id, index.dimension, key)):
            connection.rollback()  # the versions that were taken
            return answer
        if puts.matrix.shape != (len(puts.ids), index.dimension):
            raise DimensionMismatch(index.name, index.dimension, puts.matrix.shape[-1])
        olds = _find_olds(connection, index.id, puts.ids)
        rows = list(_build_rows(puts, index, olds))
        _charge(index, rows, olds, quota)
        if rows:
            connection.execute(_build_upsert(connection.dialect.name), rows)
        step = index.save(connection)
        if key:
            keep_answer(connection, index.id, key, index.version, puts.ids)
        notify(connection, uid)
    changes = _to_changes(rows, puts.matrix, index.version)
    return Committed(index.version, changes, puts.ids, step=step)


def _find_olds(connection: Connection, index_id: int, ids: Sequence[str]) -> dict[str, _Old]:
    """The rows that the ids have, tombstones too: a document that comes back gets its key again."""
    return {
        row.id: _Old(row.place, row.size, row.is_deleted)
        for row in find_by_ids(connection, index_id, ids)
    }


def _build_rows(puts: Puts, index: Locked, olds: dict[str, _Old]) -> Iterator[_Row]:
    """Rows in the order of their versions; takes the keys of new ones from `index`."""
    now = time.time()
    matrix = np.ascontiguousarray(puts.matrix, dtype="<f4")
    first = index.version - len(puts.ids) + 1
    columns = zip(puts.ids, puts.texts, puts.metadata, matrix, strict=True)
    for version, (id_, text, metadata, vector) in enumerate(columns, start=first):
        if old := olds.get(id_):
            place = old.place
        else:
            place = to_place(index.id, index.next_key)
            index.next_key += 1
        content = vector.tobytes()
        yield _Row(
            place=place,
            index_id=index.id,
            id=id_,
            version=version,
            is_deleted=False,
            crc=compute_crc(id_, version, text, metadata, content, is_deleted=False),
            size=len(id_.encode())
            + len((text or "").encode())
            + len(metadata or b"")
            + len(content),
            changed_at=now,
            text=text,
            metadata=metadata,
            vector=content,
        )


def _charge(index: Locked, rows: list[_Row], olds: dict[str, _Old], quota: Quota) -> None:
    """Count the rows in. Raises OutOfSpace when that passes a bound by making the index larger."""
    documents_more = len(rows) - sum(not old.is_deleted for old in olds.values())
    bytes_more = sum(row["size"] for row in rows) - sum(old.size for old in olds.values())
    index.count += documents_more
    index.size += bytes_more
    for what, more, now, most in (
        ("documents", documents_more, index.count, quota.documents),
        ("bytes", bytes_more, index.size, quota.size),
    ):
        if most and more > 0 and now > most:
            raise OutOfSpace(
                f"index {index.name!r} may hold {most:,} {what} and would hold {now:,}; remove "
                "documents, or raise its quota"
            )


def _build_upsert(dialect: str) -> Insert:
    statement = (
        postgresql.insert(documents) if dialect == "postgresql" else sqlite.insert(documents)
    )
    changing = ("version", "is_deleted", "crc", "size", "changed_at", "text", "metadata", "vector")
    return statement.on_conflict_do_update(
        index_elements=[documents.c.place],
        set_={name: statement.excluded[name] for name in changing},
    )


def _to_changes(rows: list[_Row], matrix: Matrix, version: int) -> Changes:
    return Changes(
        keys=np.fromiter((to_key(row["place"]) for row in rows), np.int64, len(rows)),
        versions=np.fromiter((row["version"] for row in rows), np.int64, len(rows)),
        ids=[row["id"] for row in rows],
        is_deleted=np.zeros(len(rows), np.bool_),
        matrix=np.ascontiguousarray(matrix, dtype=np.float32),
        metadata=[row["metadata"] for row in rows],
        version=version,
    )

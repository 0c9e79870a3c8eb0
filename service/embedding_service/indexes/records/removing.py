"""Remove documents: their content at once, the tombstones later (purging.py)."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from sqlalchemy import Connection, Row, bindparam, select, update

from embedding_service.indexes.documents import Changes, Committed, IdempotencyKey
from embedding_service.indexes.records.answers import find_answer, keep_answer
from embedding_service.indexes.records.checksums import check, compute_crc
from embedding_service.indexes.records.locking import Locked, lock, notify
from embedding_service.indexes.records.lookups import find_by_ids
from embedding_service.indexes.records.places import to_key, to_place
from embedding_service.indexes.records.schema import documents
from embedding_service.indexes.records.sessions import Database

_PAGE: Final = 2_000
_column = documents.c


class Live(NamedTuple):
    """What the removal of a document needs of its row."""

    place: int
    id: str
    size: int


Choose: TypeAlias = Callable[[Connection, Locked], list[Live]]
"""The live rows to remove; called under the lock."""


def remove(database: Database, uid: str, choose: Choose, key: IdempotencyKey | None) -> Committed:
    """Remove what `choose` finds, in its order; takes no version when that is nothing."""
    with database.writing(uid) as connection:
        index = lock(connection, uid)
        if key and (answer := find_answer(connection, index.id, index.dimension, key)):
            return answer
        chosen = choose(connection, index)
        first = index.version + 1
        index.version += len(chosen)
        index.count -= len(chosen)
        index.size -= sum(row.size for row in chosen)
        step = None
        if chosen:
            _bury(connection, chosen, first)
            step = index.save(connection)
            notify(connection, uid)
        ids = [row.id for row in chosen]
        if key:
            keep_answer(connection, index.id, key, index.version, ids)
    return Committed(index.version, _to_changes(chosen, first, index), ids, step=step)


def choose_ids(ids: Sequence[str]) -> Choose:
    """Those of `ids` that are there, in the order given."""
    unique = list(dict.fromkeys(ids))

    def choose(connection: Connection, index: Locked) -> list[Live]:
        found = {
            row.id: Live(row.place, row.id, row.size)
            for row in find_by_ids(connection, index.id, unique)
            if not row.is_deleted
        }
        return [found[id_] for id_ in unique if id_ in found]

    return choose


def choose_where(matches: Callable[[bytes | None], bool]) -> Choose:
    """Those whose metadata `matches`, in the order of their keys."""

    def choose(connection: Connection, index: Locked) -> list[Live]:
        return [
            Live(row.place, row.id, row.size)
            for row in _read_live(connection, index)
            if matches(row.metadata)
        ]

    return choose


def _read_live(connection: Connection, index: Locked) -> Iterator[Row[Any]]:
    """Whole rows: metadata that is not what was written must not decide what is removed."""
    after, end = to_place(index.id, 0), to_place(index.id + 1, 0)
    while True:
        rows = connection.execute(
            select(documents)
            .where(_column.place > after, _column.place < end, ~_column.is_deleted)
            .order_by(_column.place)
            .limit(_PAGE)
        ).all()
        for row in rows:
            check(row, index.name)
            yield row
        if len(rows) < _PAGE:
            return
        after = rows[-1].place


def _bury(connection: Connection, chosen: Sequence[Live], first: int) -> None:
    now = time.time()
    connection.execute(
        update(documents)
        .where(_column.place == bindparam("at"))
        .values(
            version=bindparam("to_version"),
            crc=bindparam("to_crc"),
            is_deleted=True,
            size=0,
            changed_at=now,
            text=None,
            metadata=None,
            vector=None,
        ),
        [
            {
                "at": row.place,
                "to_version": version,
                "to_crc": compute_crc(row.id, version, None, None, None, is_deleted=True),
            }
            for version, row in enumerate(chosen, start=first)
        ],
    )


def _to_changes(chosen: Sequence[Live], first: int, index: Locked) -> Changes:
    count = len(chosen)
    return Changes(
        keys=np.fromiter((to_key(row.place) for row in chosen), np.int64, count),
        versions=np.arange(first, first + count, dtype=np.int64),
        ids=[row.id for row in chosen],
        is_deleted=np.ones(count, np.bool_),
        matrix=np.zeros((count, index.dimension), np.float32),
        metadata=[None] * count,
        version=index.version,
    )

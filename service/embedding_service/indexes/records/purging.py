"""Forget what nobody needs any more: tombstones, and answers kept for repetitions."""

import time
from typing import Final

from sqlalchemy import delete, select

from embedding_service.indexes.records.locking import lock
from embedding_service.indexes.records.places import in_chunks
from embedding_service.indexes.records.schema import answers, documents
from embedding_service.indexes.records.sessions import Database

_KEPT_ANSWERS: Final = 24 * 3600.0
"""Seconds."""
_AT_ONCE: Final = 5_000
"""Rows under one lock."""
_column = documents.c


def purge(database: Database, uid: str, older_than: float) -> int:
    """See Record.purge."""
    now = time.time()
    with database.writing(uid) as connection:
        index = lock(connection, uid)
        connection.execute(
            delete(answers).where(
                answers.c.index_id == index.id, answers.c.created_at < now - _KEPT_ANSWERS
            )
        )
    purged = 0
    while some := _purge_some(database, uid, now - older_than):
        purged += some
    return purged


def _purge_some(database: Database, uid: str, before: float) -> int:
    with database.writing(uid) as connection:
        index = lock(connection, uid)
        rows = connection.execute(
            select(_column.place, _column.version)
            .where(_column.index_id == index.id, _column.is_deleted, _column.changed_at <= before)
            .order_by(_column.changed_at)
            .limit(_AT_ONCE)
        ).all()
        if not rows:
            return 0
        for places in in_chunks([row.place for row in rows]):
            connection.execute(delete(documents).where(_column.place.in_(places)))
        index.purged_version = max(index.purged_version, *(row.version for row in rows))
        index.save(connection)
        return len(rows)

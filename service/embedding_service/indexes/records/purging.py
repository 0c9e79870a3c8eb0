"""Forget what nobody needs any more: tombstones, commits, answers to repetitions, ended jobs."""

import time
from collections.abc import Callable
from typing import Final, TypeAlias

from sqlalchemy import Delete, delete, select

from embedding_service.indexes.records.history import old_commits
from embedding_service.indexes.records.locking import lock
from embedding_service.indexes.records.places import in_chunks
from embedding_service.indexes.records.reading import find_row
from embedding_service.indexes.records.schema import answers, documents, jobs
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.standing import FINAL

_KEPT_ANSWERS: Final = 24 * 3600.0
_KEPT_COMMITS: Final = 3600.0
"""Whoever has not followed for longer reads all of an index again, if it was written to."""
_KEPT_JOBS: Final = 7 * 24 * 3600.0
"""Seconds."""
_AT_ONCE: Final = 5_000
"""Rows of one transaction."""
_column = documents.c
_Build: TypeAlias = Callable[[int, int], Delete]
"""The deletion of at most so many rows, of the index with this number."""


def purge(database: Database, uid: str, older_than: float) -> int:
    """See Record.purge."""
    now = time.time()
    for build in (
        lambda index_id, most: _old_answers(index_id, now - _KEPT_ANSWERS, most),
        lambda index_id, most: old_commits(index_id, now - _KEPT_COMMITS, most),
        lambda _, __: _old_jobs(uid, now - _KEPT_JOBS),
    ):
        _delete(database, uid, build)
    purged = 0
    while some := _purge_some(database, uid, now - older_than):
        purged += some
    return purged


def _delete(database: Database, uid: str, build: _Build) -> None:
    """No lock of the index is taken for it: nobody reads what goes."""
    gone = _AT_ONCE
    while gone >= _AT_ONCE:
        with database.writing(uid) as connection:
            gone = connection.execute(build(find_row(connection, uid).id, _AT_ONCE)).rowcount


def _old_answers(index_id: int, before: float, most: int) -> Delete:
    old = (
        select(answers.c.key)
        .where(answers.c.index_id == index_id, answers.c.created_at < before)
        .order_by(answers.c.created_at)
        .limit(most)
    )
    return delete(answers).where(answers.c.index_id == index_id, answers.c.key.in_(old))


def _old_jobs(uid: str, before: float) -> Delete:
    return delete(jobs).where(
        jobs.c.index_uid == uid,
        jobs.c.updated_at < before,
        jobs.c.state.in_([state.value for state in FINAL]),
    )


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

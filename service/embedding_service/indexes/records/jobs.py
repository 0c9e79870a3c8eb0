"""Jobs as rows, so that any process can tell how one goes."""

import time
from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import orjson
from sqlalchemy import Connection, Row, insert, select, update

from embedding_service.indexes.errors import KeyReused, NotFound
from embedding_service.indexes.records.locking import lock
from embedding_service.indexes.records.schema import jobs
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.standing import KEY, Claim, Job, JobState, JSONValue

_MOMENT: Final = 1e-3
"""Seconds."""


def create_job(database: Database, uid: str, kind: str, detail: Mapping[str, JSONValue]) -> Job:
    """See Record.create_job."""
    with database.writing(uid) as connection:
        return _insert(connection, uid, kind, detail)


def claim_job(
    database: Database, uid: str, kind: str, claim: Claim, detail: Mapping[str, JSONValue]
) -> tuple[Job, bool]:
    """See Record.claim_job. The key is in the detail, and the index's row is what is locked."""
    with database.writing(uid) as connection:
        lock(connection, uid)
        before = next((job for job in _read(connection, uid) if key_of(job) == claim.key), None)
        if before is not None and before.kind != kind:
            raise KeyReused
        if before is not None and not claim.may_follow(before):
            return before, False
        after = 0.0 if before is None else before.created_at  # by another process's clock
        return _insert(connection, uid, kind, {**detail, KEY: claim.key}, after), True


def key_of(job: Job) -> str | None:
    """The key under which a job was claimed."""
    key = job.detail.get(KEY)
    return None if key is None else str(key)


def update_job(database: Database, job: Job) -> None:
    """See Record.update_job."""
    with database.writing(job.index_uid) as connection:
        changed = connection.execute(
            update(jobs)
            .where(jobs.c.id == job.id)
            .values(
                state=job.state.value,
                progress=job.progress,
                detail=_dump(job.detail),
                updated_at=time.time(),
            )
        )
        if changed.rowcount == 0:
            raise NotFound("job", job.id)


def read_job(database: Database, id: str) -> Job:  # noqa: A002
    """See Record.job."""
    with database.reading() as connection:
        row = connection.execute(select(jobs).where(jobs.c.id == id)).one_or_none()
    if row is None:
        raise NotFound("job", id)
    return _to_job(row)


def list_jobs(database: Database, uid: str) -> list[Job]:
    """See Record.jobs."""
    with database.reading(uid) as connection:
        return _read(connection, uid)


def _insert(
    connection: Connection,
    uid: str,
    kind: str,
    detail: Mapping[str, JSONValue],
    after: float = 0.0,
) -> Job:
    """A new row, created later than `after` (Unix seconds)."""
    now = max(time.time(), after + _MOMENT)
    job = Job(uuid4().hex, uid, kind, JobState.QUEUED, 0.0, dict(detail), now, now)
    connection.execute(
        insert(jobs).values(
            id=job.id,
            index_uid=uid,
            kind=kind,
            state=job.state.value,
            progress=job.progress,
            detail=_dump(detail),
            created_at=now,
            updated_at=now,
        )
    )
    return job


def _read(connection: Connection, uid: str) -> list[Job]:
    rows = connection.execute(
        select(jobs).where(jobs.c.index_uid == uid).order_by(jobs.c.created_at.desc())
    )
    return [_to_job(row) for row in rows]


def _to_job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        index_uid=row.index_uid,
        kind=row.kind,
        state=JobState(row.state),
        progress=row.progress,
        detail=orjson.loads(row.detail),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _dump(detail: Mapping[str, JSONValue]) -> str:
    return orjson.dumps(dict(detail)).decode()

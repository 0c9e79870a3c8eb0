"""The history of an index, one row a write: by it a reader knows that it is the one it has read.

A failover may lose the last commits of the old primary, and a database may be put back from an
older copy; both give the lost versions to other writes. A reader that has seen version n of one
history must not take n + 1 of another, or it keeps documents that are none.
"""

import secrets
import time

from sqlalchemy import Connection, Delete, delete, func, insert, select

from embedding_service.indexes.documents import Point
from embedding_service.indexes.records.schema import commits

_ID_BITS = 63
_column = commits.c


class HistoryLost(Exception):
    """What was read before is not, or not surely, what the record has now."""


def draw_point(version: int) -> Point:
    """Where a write ends."""
    return Point(version, secrets.randbits(_ID_BITS))


def add_commit(connection: Connection, index_id: int, point: Point) -> None:
    """Tell of the write that ends at `point`, in its own transaction."""
    connection.execute(
        insert(commits).values(
            index_id=index_id,
            version=point.version,
            commit_id=point.commit_id,
            created_at=time.time(),
        )
    )


def check_point(connection: Connection, index_id: int, point: Point, head: Point) -> None:
    """Raise HistoryLost unless the index, now at `head`, has been at `point`."""
    if point == head:
        return
    commit_id = connection.scalar(
        select(_column.commit_id).where(
            _column.index_id == index_id, _column.version == point.version
        )
    )
    if commit_id != point.commit_id:  # None as well: forgotten, or never there
        raise HistoryLost


def old_commits(index_id: int, before: float, most: int) -> Delete:
    """The deletion of writes of before `before`, but of their last: whoever read then was there."""
    own = _column.index_id == index_id
    last = select(func.max(_column.version)).where(own, _column.created_at < before)
    old = (
        select(_column.version)
        .where(own, _column.version < last.scalar_subquery())
        .order_by(_column.version)
        .limit(most)
    )
    return delete(commits).where(own, _column.version.in_(old))

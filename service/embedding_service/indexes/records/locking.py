"""The lock of an index: its row, held from a write's first statement to its commit.

Versions are given under it, so that the order of versions is the order of commits and a reader that
has seen version n has missed nothing at or below it.
"""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select, update

from embedding_service.indexes.documents import Point, Step
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.records.history import add_commit, draw_point
from embedding_service.indexes.records.schema import indexes

CHANNEL: Final = "gpu_embedding"


@dataclass(slots=True)
class Locked:
    """The row of an index whose lock the transaction holds; `save` writes it back."""

    id: int
    uid: str
    name: str
    dimension: int
    version: int
    next_key: int
    purged_version: int
    count: int
    size: int
    start: Point
    """Where the index was before the transaction."""

    def save(self, connection: Connection) -> Step | None:
        """Write back what the transaction has made of it; its step, if it took a version."""
        head = self.start
        if self.version != self.start.version:
            head = draw_point(self.version)
            add_commit(connection, self.id, head)
        connection.execute(
            update(indexes)
            .where(indexes.c.id == self.id)
            .values(
                version=self.version,
                next_key=self.next_key,
                purged_version=self.purged_version,
                live=self.count,
                size=self.size,
                commit_id=head.commit_id,
            )
        )
        return None if head == self.start else Step(self.start, head)


def lock(connection: Connection, uid: str, versions: int = 0) -> Locked:
    """Lock the index and take `versions` of them. Must be the transaction's first statement.

    With READ COMMITTED every later statement then sees all that was committed before the lock was
    given. Raises NotFound.
    """
    column = indexes.c
    row = connection.execute(
        update(indexes)
        .where(column.uid == uid, column.name.is_not(None))
        .values(version=column.version + versions)
        .returning(
            column.id,
            column.uid,
            column.name,
            column.dimension,
            column.version,
            column.next_key,
            column.purged_version,
            column.live,
            column.size,
            column.commit_id,
        )
    ).one_or_none()
    if row is None:
        raise NotFound("index", uid)
    start = Point(row.version - versions, row.commit_id)
    return Locked(
        id=row.id,
        uid=row.uid,
        name=row.name,
        dimension=row.dimension,
        version=row.version,
        next_key=row.next_key,
        purged_version=row.purged_version,
        count=row.live,
        size=row.size,
        start=start,
    )


def notify(connection: Connection, uid: str) -> None:
    """Wake the processes that follow the record, at the commit; `uid` says what has changed."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_notify(CHANNEL, uid)))

"""Which graphs an index's processes search: told by the one that built them, for all to load.

The files are elsewhere (sharing.py); a row here says which they are, and must be.
"""

import orjson
from sqlalchemy import Connection, delete, insert, select, update

from embedding_service.indexes.digests import Digest
from embedding_service.indexes.documents import Point
from embedding_service.indexes.records.history import check_point
from embedding_service.indexes.records.locking import notify
from embedding_service.indexes.records.reading import find_row
from embedding_service.indexes.records.schema import builds, indexes
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.standing import Build

_column = builds.c


def read_build(database: Database, uid: str, known: Point | None) -> Build:
    """See Record.build."""
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        if known is not None:
            check_point(connection, index.id, known, Point(index.version, index.commit_id))
        row = connection.execute(select(builds).where(_column.index_id == index.id)).one_or_none()
    return Build(0, ()) if row is None else Build(row.number, _parse(row.segments))


def publish_build(database: Database, uid: str, build: Build, known: Point | None) -> bool:
    """See Record.publish_build."""
    with database.writing(uid) as connection:
        index_id = connection.scalar(
            update(indexes)
            .where(
                indexes.c.uid == uid,
                indexes.c.name.is_not(None),
                indexes.c.build == build.number - 1,
            )
            .values(build=build.number)
            .returning(indexes.c.id)
        )
        if index_id is None:
            return False
        if known is not None:
            index = find_row(connection, uid)
            check_point(connection, index_id, known, Point(index.version, index.commit_id))
        _write(connection, index_id, build)
        notify(connection, uid)
    return True


def _write(connection: Connection, index_id: int, build: Build) -> None:
    connection.execute(delete(builds).where(_column.index_id == index_id))
    connection.execute(
        insert(builds).values(
            index_id=index_id,
            number=build.number,
            segments=orjson.dumps(build.segments, default=list).decode(),  # a Digest is a tuple
        )
    )


def _parse(text: str) -> tuple[dict[str, Digest], ...]:
    return tuple(
        {name: Digest(*digest) for name, digest in files.items()} for files in orjson.loads(text)
    )

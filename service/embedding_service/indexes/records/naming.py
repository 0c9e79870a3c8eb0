"""Which indexes there are and what they are called. Names and aliases are one set of words."""

import time
from typing import Final

from sqlalchemy import Connection, delete, func, insert, select, text, update

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.indexes.records import definitions
from embedding_service.indexes.records.history import add_commit, draw_point
from embedding_service.indexes.records.locking import notify
from embedding_service.indexes.records.places import to_place
from embedding_service.indexes.records.reading import find_row
from embedding_service.indexes.records.schema import (
    aliases,
    answers,
    builds,
    commits,
    documents,
    indexes,
    jobs,
)
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.standing import Standing

_ERASED_AT_ONCE: Final = 5_000
"""Rows; bounds how long other writes wait (SQLite) and how much log one erasure makes."""
_column = indexes.c


def create(database: Database, definition: Definition) -> Standing:
    """See Record.create."""
    start = draw_point(0)
    with database.writing(definition.uid) as connection:
        _lock_names(connection)
        _refuse_name(connection, definition.name)
        if connection.scalar(select(_column.id).where(_column.uid == definition.uid)) is not None:
            raise Conflict(f"an index with uid {definition.uid!r} is there or is being dropped")
        row = connection.execute(
            insert(indexes)
            .values(
                uid=definition.uid,
                name=definition.name,
                dimension=definition.dimension,
                definition=definitions.write(definition),
                version=0,
                next_key=1,
                purged_version=0,
                live=0,
                size=0,
                created_at=time.time(),
                commit_id=start.commit_id,
            )
            .returning(indexes)
        ).one()
        add_commit(connection, row.id, start)
        notify(connection, definition.uid)
    return definitions.read_standing(row)


def list_standings(database: Database) -> list[Standing]:
    """See Record.indexes."""
    with database.reading() as connection:
        rows = connection.execute(
            select(indexes).where(_column.name.is_not(None)).order_by(_column.name)
        ).all()
    return [definitions.read_standing(row) for row in rows]


def find(database: Database, name: str) -> Standing:
    """See Record.find."""
    aliased = select(aliases.c.index_id).where(aliases.c.alias == name)
    with database.reading() as connection:
        row = connection.execute(
            select(indexes).where(
                _column.name.is_not(None), (_column.name == name) | _column.id.in_(aliased)
            )
        ).one_or_none()
    if row is None:
        raise NotFound("index", name)
    return definitions.read_standing(row)


def read_heads(database: Database) -> dict[str, int]:
    """See Record.heads."""
    with database.reading() as connection:
        rows = connection.execute(
            select(_column.uid, _column.version).where(_column.name.is_not(None))
        )
        return {row.uid: row.version for row in rows}


def drop(database: Database, uid: str) -> None:
    """See Record.drop."""
    with database.writing(uid) as connection:
        _lock_names(connection)
        index_id = connection.scalar(
            update(indexes)
            .where(_column.uid == uid, _column.name.is_not(None))
            .values(name=None)
            .returning(_column.id)
        )
        if index_id is None:
            raise NotFound("index", uid)
        connection.execute(delete(aliases).where(aliases.c.index_id == index_id))
        connection.execute(delete(jobs).where(jobs.c.index_uid == uid))
        notify(connection, uid)
    erase_dropped(database)


def erase(database: Database, uid: str) -> int:
    """See Record.erase."""
    documents = 0
    try:
        with database.reading(uid) as connection:
            documents = int(find_row(connection, uid).live)
        drop(database, uid)
    except NotFound:  # somebody else was quicker, or was interrupted
        erase_dropped(database)
    return documents


def erase_dropped(database: Database) -> None:
    """See Record.sweep."""
    with database.reading() as connection:
        dropped = list(connection.scalars(select(_column.id).where(_column.name.is_(None))))
    for index_id in dropped:
        while _erase_some(database, index_id):
            pass
        with database.writing() as connection:
            for table in (answers, builds, commits):
                connection.execute(delete(table).where(table.c.index_id == index_id))
            connection.execute(delete(indexes).where(_column.id == index_id))


def list_aliases(database: Database) -> dict[str, str]:
    """See Record.aliases."""
    with database.reading() as connection:
        rows = connection.execute(
            select(aliases.c.alias, _column.name).join(indexes, aliases.c.index_id == _column.id)
        )
        return {row.alias: row.name for row in rows}


def point(database: Database, alias: str, name: str) -> None:
    """See Record.point."""
    with database.writing(name) as connection:
        _lock_names(connection)
        index_id = connection.scalar(select(_column.id).where(_column.name == name))
        if index_id is None:
            raise NotFound("index", name)
        if connection.scalar(select(_column.id).where(_column.name == alias)) is not None:
            raise Conflict(f"{alias!r} is the name of an index; choose another alias, or drop it")
        connection.execute(delete(aliases).where(aliases.c.alias == alias))
        connection.execute(insert(aliases).values(alias=alias, index_id=index_id))
        notify(connection, name)


def unpoint(database: Database, alias: str) -> None:
    """See Record.unpoint."""
    with database.writing() as connection:
        gone = connection.execute(delete(aliases).where(aliases.c.alias == alias))
        if gone.rowcount == 0:
            raise NotFound("alias", alias)
        notify(connection, alias)


def _erase_some(database: Database, index_id: int) -> int:
    first, end = to_place(index_id, 0), to_place(index_id + 1, 0)
    with database.writing() as connection:
        last = connection.scalar(
            select(func.max(documents.c.place)).where(
                documents.c.place.in_(
                    select(documents.c.place)
                    .where(documents.c.place > first, documents.c.place < end)
                    .order_by(documents.c.place)
                    .limit(_ERASED_AT_ONCE)
                )
            )
        )
        if last is None:
            return 0
        erased = connection.execute(
            delete(documents).where(documents.c.place > first, documents.c.place <= last)
        )
        return erased.rowcount


def _lock_names(connection: Connection) -> None:
    """One change of names at a time: that an alias is no index's name no constraint can say."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE aliases IN SHARE ROW EXCLUSIVE MODE"))


def _refuse_name(connection: Connection, name: str) -> None:
    if connection.scalar(select(_column.id).where(_column.name == name)) is not None:
        raise Conflict(f"there is an index {name!r} already; choose another name, or drop it first")
    if connection.scalar(select(aliases.c.alias).where(aliases.c.alias == name)) is not None:
        raise Conflict(f"{name!r} is an alias; choose another name, or remove the alias first")

"""What an index is to be searched by: the one part of its definition that may change.

It lies among the JSON of `indexes.definition`, where programs that do not know a member of it pass
over it, and whoever writes it leaves what it does not know as it is.
"""

import orjson
from sqlalchemy import update

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.records.definitions import read_standing
from embedding_service.indexes.records.locking import lock, notify
from embedding_service.indexes.records.reading import find_row
from embedding_service.indexes.records.schema import indexes
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.standing import Standing


def retune(
    database: Database, uid: str, wanted: Blueprint, revision: int | None = None
) -> Standing:
    """See Record.retune."""
    with database.writing(uid) as connection:
        lock(connection, uid)
        row = find_row(connection, uid)
        standing = read_standing(row)
        if _is_settled(standing, wanted, revision):
            return standing
        rest = orjson.loads(row.definition) | wanted.as_json()
        if revision is not None:
            rest["engine_revision"] = revision
        changed = connection.execute(
            update(indexes)
            .where(indexes.c.uid == uid)
            .values(definition=orjson.dumps(rest).decode())
            .returning(indexes)
        ).one()
        notify(connection, uid)
        return read_standing(changed)


def _is_settled(standing: Standing, wanted: Blueprint, revision: int | None) -> bool:
    if revision is not None:
        return revision <= standing.engine_revision
    return Blueprint(standing.definition.engine, standing.definition.tuning) == wanted

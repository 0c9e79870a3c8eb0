"""A record as earlier programs left it, and whether it is still there."""

import json
from pathlib import Path
from typing import Any
from unittest import mock

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

from embedding_service.indexes.records import migrations
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from places import Place

EMPTY = "base"
"""The revision of a database that no program has been to, as Alembic calls it."""
_FIRST = "0001"
_CONTENT = Path(__file__).with_name("record_of_0001.json")
_FOLDER = Path(migrations.__file__).parent


def list_revisions() -> list[str]:
    """All that a database may come with, oldest first."""
    newest_first = [each.revision for each in ScriptDirectory(_FOLDER).walk_revisions()]
    return [EMPTY, *reversed(newest_first)]


def leave_record(place: Place, revision: str) -> None:
    """What a program of that revision leaves, when the first one began: an index, in use."""
    if revision == EMPTY:
        return
    record = _open_as(place, _FIRST)
    with record._database.writing() as connection:
        _fill(connection)
    record.close()
    _open_as(place, revision).close()


def check_record(record: Record) -> None:
    """The same documents are there, and the names."""
    index = record.find("older").definition
    assert index.name == "old"
    page = record.page(index.uid, 0, 10)
    assert [(each.id, each.version, each.text, each.metadata) for each in page] == [
        ("a", 1, "Ä wörd", b'{"year":1}'),
        ("b", 4, "again", b'{"year":2}'),
    ]
    assert [each.vector.tolist() for each in page] == [[1.0, 0.0], [0.5, -2.0]]
    assert record.standing(index.uid).version == 5
    (job,) = record.jobs(index.uid)
    assert job.kind == "compact"


def _open_as(place: Place, revision: str) -> Record:
    """Open it as a program that knows no later revision."""
    newest_first = list(ScriptDirectory(_FOLDER).walk_revisions())
    known = newest_first[[each.revision for each in newest_first].index(revision) :]
    with mock.patch.object(ScriptDirectory, "walk_revisions", return_value=known):
        return open_record(place.url, place.folder)


def _fill(connection: Connection) -> None:
    tables = MetaData()
    tables.reflect(connection)
    content: dict[str, list[dict[str, Any]]] = json.loads(_CONTENT.read_text(encoding="utf-8"))
    for name, rows in content.items():
        connection.execute(
            tables.tables[name].insert(),
            [{column: _read(value) for column, value in row.items()} for row in rows],
        )


def _read(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) else value

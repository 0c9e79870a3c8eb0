"""Many documents of an index, as they are at one moment, while others write on."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import Connection, select, text

from embedding_service.indexes.documents import Document, Scan
from embedding_service.indexes.errors import IndexDamaged
from embedding_service.indexes.records.lookups import find_by_ids
from embedding_service.indexes.records.places import in_chunks, to_place
from embedding_service.indexes.records.reading import find_row, to_document
from embedding_service.indexes.records.schema import documents
from embedding_service.indexes.records.sessions import Database

_PAGE: Final = 2_000
_IDLE_SECONDS: Final = 900
"""Between two pages their reader may be uploading; the transaction holds no lock meanwhile."""
_column = documents.c


@contextmanager
def scan(database: Database, uid: str) -> Iterator[Scan]:
    """See Record.scan."""
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        if connection.dialect.name == "postgresql":
            told = f"SET LOCAL idle_in_transaction_session_timeout = '{_IDLE_SECONDS}s'"
            connection.execute(text(told))
        yield Scan(index.version, index.live, _read(connection, index.id, index.name))


def outline(database: Database, uid: str) -> Iterator[list[tuple[str, int]]]:
    """See Record.outline."""
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        after, end = to_place(index.id, 0), to_place(index.id + 1, 0)
        while True:
            rows = connection.execute(
                select(_column.place, _column.id, _column.version)
                .where(_column.place > after, _column.place < end, ~_column.is_deleted)
                .order_by(_column.place)
                .limit(_PAGE)
            ).all()
            yield [(row.id, row.version) for row in rows]
            if len(rows) < _PAGE:
                return
            after = rows[-1].place


def read_whole(database: Database, uid: str, ids: Sequence[str]) -> dict[str, Document]:
    """See Record.whole."""
    found: dict[str, Document] = {}
    with database.reading(uid) as connection:
        index = find_row(connection, uid)
        places = [row.place for row in find_by_ids(connection, index.id, ids)]
        for chunk in in_chunks(places):
            for row in connection.execute(
                select(documents).where(_column.place.in_(chunk), ~_column.is_deleted)
            ):
                with suppress(IndexDamaged):
                    found[row.id] = to_document(row, index.name)
    return found


def _read(connection: Connection, index_id: int, name: str) -> Iterator[Sequence[Document]]:
    after, end = to_place(index_id, 0), to_place(index_id + 1, 0)
    while True:
        rows = connection.execute(
            select(documents)
            .where(_column.place > after, _column.place < end, ~_column.is_deleted)
            .order_by(_column.place)
            .limit(_PAGE)
        ).all()
        if rows:
            yield [to_document(row, name) for row in rows]
            after = rows[-1].place
        if len(rows) < _PAGE:
            return

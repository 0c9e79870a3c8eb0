"""Rows of many ids at once."""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, Text, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY

from embedding_service.indexes.records.places import in_chunks
from embedding_service.indexes.records.schema import documents

_column = documents.c
_FOUND = (_column.id, _column.place, _column.size, _column.is_deleted)


def find_by_ids(connection: Connection, index_id: int, ids: Sequence[str]) -> Iterator[Row[Any]]:
    """Rows, tombstones too, of those ids that have one: id, place, size, is_deleted."""
    build = _build_lateral if connection.dialect.name == "postgresql" else _build_in
    for chunk in in_chunks(ids):
        yield from connection.execute(build(index_id, chunk))


def _build_in(index_id: int, ids: Sequence[str]) -> Select[Any]:
    return select(*_FOUND).where(_column.index_id == index_id, _column.id.in_(ids))


def _build_lateral(index_id: int, ids: Sequence[str]) -> Select[Any]:
    """One look into the unique index an id.

    PostgreSQL knows nothing of the ids of a table that it has not analysed yet, takes an IN list
    for most of the table, and reads all of it: an import would take quadratic time. OFFSET 0 keeps
    it from turning this into the same.
    """
    given = func.unnest(literal(list(ids), ARRAY(Text)))
    wanted = given.table_valued("id").render_derived("wanted")
    found = (
        select(*_FOUND)
        .where(_column.index_id == index_id, _column.id == wanted.c.id)
        .offset(0)
        .lateral("found")
    )
    return select(found).select_from(wanted.join(found, true()))

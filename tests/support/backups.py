"""What a database held once, to be put back: as a failover that lost the last writes leaves it."""

from typing import Any

from sqlalchemy import delete, insert, select

from embedding_service.indexes.records.record import Record
from embedding_service.indexes.records.schema import metadata


class Backup:
    """All rows of a record, as they are when it is made."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._rows: list[tuple[Any, list[dict[str, Any]]]] = []
        with record._database.reading() as connection:
            for table in metadata.sorted_tables:
                rows = [dict(row._mapping) for row in connection.execute(select(table))]
                self._rows.append((table, rows))

    def put_back(self) -> None:
        """Lose everything since."""
        with self._record._database.writing() as connection:
            for table, rows in self._rows:
                connection.execute(delete(table))
                if rows:
                    connection.execute(insert(table), rows)

"""Transactions: one that writes, one that reads, whatever the database."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from embedding_service.errors import ServiceError
from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.records.faults import translating

CATALOGUE: Final = "*"
"""Stands for all indexes where an error wants one."""


@dataclass(slots=True)
class Database:
    """An open database. Thread-safe: a transaction belongs to the thread that began it."""

    writer: Engine
    """Its transactions write: READ COMMITTED on PostgreSQL, one at a time on SQLite."""
    reader: Engine
    """Its transactions see one snapshot and write nothing."""
    is_shared: bool
    """Whether other processes may write."""
    release: Callable[[], None]
    """Give back what was taken at opening besides connections."""
    is_closed: bool = field(default=False, init=False)

    @contextmanager
    def writing(self, subject: str = CATALOGUE) -> Iterator[Connection]:
        """One transaction: committed when the block ends well, else nothing of it is there.

        After anything but a refusal of ours the connection is thrown away: what became of a failed
        commit is unknown, and an fsync that failed must not be tried again (a second one would
        report success for pages that are lost; "Can Applications Recover from fsync Failures?",
        ATC 2020). Raises RecordUnavailable, OutOfSpace, IndexDamaged (with `subject`).
        """
        with translating(subject), self._connect(self.writer) as connection:
            try:
                connection.begin()
                yield connection
                connection.commit()
            except ServiceError:
                _roll_back(connection)
                raise
            except BaseException:
                connection.invalidate()
                raise

    @contextmanager
    def reading(self, subject: str = CATALOGUE) -> Iterator[Connection]:
        """One transaction that sees the database as it was when its first statement came."""
        with translating(subject), self._connect(self.reader) as connection:
            try:
                connection.begin()
                yield connection
            finally:
                _roll_back(connection)

    def close(self) -> None:
        """Close all connections; whoever comes later gets RecordUnavailable."""
        if self.is_closed:
            return
        self.is_closed = True
        self.reader.dispose()
        self.writer.dispose()  # last: the last connection of SQLite puts its log into the file
        self.release()

    @contextmanager
    def _connect(self, engine: Engine) -> Iterator[Connection]:
        if self.is_closed:
            raise RecordUnavailable("the record is closed: the server is stopping")
        with engine.connect() as connection:
            yield connection


def _roll_back(connection: Connection) -> None:
    if connection.invalidated:
        return
    try:
        connection.rollback()
    except DBAPIError:
        with suppress(DBAPIError):
            connection.invalidate()

"""Opens a record: whatever database an address names, at the schema of this program."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from embedding_service.indexes.errors import IndexDamaged, RecordUnavailable
from embedding_service.indexes.records.migrations import migrate
from embedding_service.indexes.records.postgresql import open_postgresql
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.records.sqlite import open_sqlite

_PATIENCE: Final = 20.0
_SQLITE: Final = frozenset({"sqlite", "sqlite+pysqlite"})
_POSTGRESQL: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


def open_record(url: str, folder: Path, patience: float = _PATIENCE) -> Record:
    """Open the database and bring its schema up to date.

    Args:
        url: `sqlite:///PATH` or `postgresql+psycopg://…` (`postgresql://…` means the same).
        folder: Made if need be, for this user alone, and locked, where the database is a file.
        patience: Seconds that one statement, or the wait for its turn, may take.

    Raises:
        RecordLocked: Another process has the file.
        RecordUnavailable: It cannot be opened, or a newer program has been here.
    """
    address = _parse(url)
    if address.drivername in _SQLITE:
        database = open_sqlite(address, folder, patience)
    else:
        database = open_postgresql(address, patience)
    try:
        with database.writing() as connection:
            migrate(connection)
    except IndexDamaged as error:
        database.close()
        raise RecordUnavailable(error.reason) from error
    except BaseException:
        database.close()
        raise
    return Record(database, address if database.is_shared else None, patience)


def _parse(url: str) -> URL:
    try:
        address = make_url(url)
    except ArgumentError as error:
        raise RecordUnavailable(
            "DATABASE_URL is no address of a database; use sqlite:///path or postgresql://…"
        ) from error
    if address.drivername not in _SQLITE | _POSTGRESQL:
        raise RecordUnavailable(
            f"DATABASE_URL names {address.drivername!r}; use sqlite:///path or postgresql://…"
        )
    return address

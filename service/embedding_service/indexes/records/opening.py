"""Opens a record: whatever database an address names, at the schema of this program."""

from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from embedding_service.indexes.errors import IndexDamaged, RecordUnavailable
from embedding_service.indexes.records.migrations import migrate
from embedding_service.indexes.records.postgresql import open_postgresql
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.records.sole import Sole, SoleRecord
from embedding_service.indexes.records.sqlite import open_sqlite
from embedding_service.secret import Secret, SecretUnreadable

_PATIENCE: Final = 20.0
_SQLITE: Final = frozenset({"sqlite", "sqlite+pysqlite"})
_POSTGRESQL: Final = frozenset({"postgresql", "postgres", "postgresql+psycopg"})


def open_record(
    url: str | Secret, folder: Path, patience: float = _PATIENCE, sole: Sole | None = None
) -> Record:
    """Open the database and bring its schema up to date.

    Args:
        url: `sqlite:///PATH` or `postgresql+psycopg://…` (`postgresql://…` means the same). What a
            secret says of PostgreSQL is asked again for each new connection.
        folder: Made if need be, for this user alone, and locked, where the database is a file.
        patience: Seconds that one statement, or the wait for its turn, may take.
        sole: The one index that is to be seen of it; None is all of them.

    Raises:
        RecordLocked: Another process has the file.
        RecordUnavailable: It cannot be opened, or a newer program has been here.
    """
    secret = Secret("DATABASE_URL", url) if isinstance(url, str) else url
    first, address = _parse(secret), partial(_parse, secret)
    if first.drivername in _SQLITE:
        database = open_sqlite(first, folder, patience)
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
    shared = address if database.is_shared else None
    if sole is not None:
        return SoleRecord(database, shared, patience, sole)
    return Record(database, shared, patience)


def is_file(url: str | Secret) -> bool:
    """Whether the database is a file, which one process owns. Raises RecordUnavailable."""
    secret = Secret("DATABASE_URL", url) if isinstance(url, str) else url
    return _parse(secret).drivername in _SQLITE


def _parse(secret: Secret) -> URL:
    try:
        address = make_url(secret.read())
    except SecretUnreadable as error:
        raise RecordUnavailable(str(error)) from error
    except ArgumentError as error:
        raise RecordUnavailable(
            "DATABASE_URL is no address of a database; use sqlite:///path or postgresql://…"
        ) from error
    if address.drivername not in _SQLITE | _POSTGRESQL:
        raise RecordUnavailable(
            f"DATABASE_URL names {address.drivername!r}; use sqlite:///path or postgresql://…"
        )
    return address

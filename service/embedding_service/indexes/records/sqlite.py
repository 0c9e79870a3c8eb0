"""One SQLite file, owned by one process."""

import fcntl
import os
import sqlite3
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from embedding_service.indexes.errors import RecordLocked, RecordUnavailable
from embedding_service.indexes.records.sessions import Database

_READERS: Final = 8
_LOCK_FILE: Final = "lock"
_WRITER_CACHE_KIB: Final = 32 * 1024
_PRAGMAS: Final = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # the log is on the disk before a commit is acknowledged
    "PRAGMA fullfsync = ON",  # macOS: past the drive's own cache too; nothing elsewhere
    "PRAGMA checkpoint_fullfsync = ON",
    "PRAGMA secure_delete = ON",  # what is erased is overwritten
)


def open_sqlite(url: URL, folder: Path, patience: float) -> Database:
    """Open the file of `url`. Raises RecordLocked when another process, or this one, has it open.

    `patience` (seconds) bounds the wait for a connection.
    """
    if not url.database or url.database == ":memory:":
        raise RecordUnavailable("a record needs a file; set DATABASE_URL to sqlite:///path")
    path = Path(url.database).absolute()
    with ExitStack() as locks:
        for place in sorted({folder.absolute(), path.parent}):
            locks.callback(os.close, _lock(place))
        release = locks.pop_all().close
    return Database(
        writer=_make_engine(path, patience, is_writer=True),
        reader=_make_engine(path, patience, is_writer=False),
        is_shared=False,
        release=release,
    )


def _lock(folder: Path) -> int:
    """The descriptor that holds the lock; the kernel lets go of it with the process.

    flock belongs to the open file, so that a second opening by the same process fails as well.
    """
    try:
        _make(folder)
        descriptor = os.open(folder / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise RecordUnavailable(
            f"the folder {folder} cannot be used: {error.strerror}; set DATA_DIR to one that can"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        raise RecordLocked(str(folder)) from error
    return descriptor


def _make(folder: Path) -> None:
    """Make the folder, and those above it, so that it stays: SQLite syncs names within it only.

    Without that the power may take all of a new folder, with what was acknowledged in it.
    """
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=0o700 if each == folder else 0o777, exist_ok=True)
        try:
            _sync(each.parent)
        except OSError:
            each.rmdir()  # or whoever comes next would take it for one that stays
            raise


def _sync(folder: Path) -> None:
    """Put the folder's entries on the disk: a new name is not durable before."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make_engine(path: Path, patience: float, *, is_writer: bool) -> Engine:
    """One writer takes its turn by waiting for the one connection; readers wait for nobody."""
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        connect_args={"timeout": patience, "check_same_thread": False},
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=1 if is_writer else _READERS,
        max_overflow=0,
        pool_timeout=patience,
    )

    def prepare(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
        connection.isolation_level = None  # transactions begin where we say, below
        # A text that is no UTF-8 any more must get as far as its checksum (checksums.py).
        connection.text_factory = _decode
        own = f"PRAGMA cache_size = -{_WRITER_CACHE_KIB}" if is_writer else "PRAGMA query_only = ON"
        try:
            for pragma in (*_PRAGMAS, own):
                connection.execute(pragma).close()
        except UnicodeDecodeError as error:  # SQLite quotes what it has found in the schema
            raise _build_error("the schema is damaged", sqlite3.SQLITE_CORRUPT) from error
        if is_writer:
            _keep_log(connection, path.parent)

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    event.listen(engine, "connect", prepare)
    event.listen(engine, "begin", begin)
    return engine


def _keep_log(connection: sqlite3.Connection, folder: Path) -> None:
    """Put the log's name on the disk; it stays as long as the connection.

    SQLite does so itself at the first commit, but goes on when that fails (os_unix.c, unixSync):
    what is acknowledged then is in a file that has no name after a power failure.
    """
    connection.execute("PRAGMA schema_version").close()  # opens the log
    try:
        _sync(folder)
    except OSError as error:
        raise sqlite3.OperationalError(f"{folder} cannot be synchronised") from error


def _build_error(message: str, code: int) -> sqlite3.DatabaseError:
    """What the driver would raise for a result of SQLite's."""
    error = sqlite3.DatabaseError(message)
    error.sqlite_errorcode = code
    return error


def _decode(text: bytes) -> str:
    return text.decode(errors="surrogateescape")

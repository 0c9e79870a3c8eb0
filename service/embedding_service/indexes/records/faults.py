"""What the drivers raise, in the words of the package. No statement and no parameter gets out."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import psycopg
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from embedding_service.errors import ServiceError
from embedding_service.indexes.errors import IndexDamaged, OutOfSpace, RecordUnavailable

RETRY_AFTER: Final = 2.0
"""Seconds; a failover or a restart takes longer, but the first to come back should be early."""

_FULL: Final = frozenset({"53100"})  # disk_full
_DAMAGED: Final = frozenset({"XX001", "XX002"})  # data_corrupted, index_corrupted
_SQLITE_DAMAGED: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_PRIMARY_CODE: Final = 0xFF  # SQLite's extended result codes keep the primary one in the low byte


@contextmanager
def translating(subject: str) -> Iterator[None]:
    """Raise what goes wrong in a database as RecordUnavailable, OutOfSpace or IndexDamaged.

    `subject` is the index that the work is about. What is a fault of this program (a statement that
    is none) stays as it is.
    """
    try:
        yield
    except PoolTimeout as error:
        raise RecordUnavailable(
            "all connections to the database are busy; nothing was written, come back", RETRY_AFTER
        ) from error
    except DBAPIError as error:
        translated = _translate(error, subject)
        if translated is None:
            raise
        raise translated from error


def explain(error: BaseException) -> str:
    """The driver's own first line, which holds no values of rows."""
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        return error.diag.message_primary
    return (str(error).splitlines() or [type(error).__name__])[0]


def _translate(error: DBAPIError, subject: str) -> ServiceError | None:
    cause = error.orig
    if cause is None:
        return None
    told = explain(cause)
    if _is_full(cause):
        return OutOfSpace(
            f"the database's disk is full ({told}); nothing was written, and writing goes on by "
            "itself once there is space"
        )
    if _is_damaged(cause):
        return IndexDamaged(
            subject,
            f"the database says that it is damaged ({told}); run `gpu-embedding index check` and "
            "restore the newest snapshot",
        )
    if isinstance(error, OperationalError | InterfaceError) or error.connection_invalidated:
        return RecordUnavailable(
            f"the database does not answer ({told}); unless it answered before, what was to be "
            "written may or may not be there: repeat it with the same Idempotency-Key",
            RETRY_AFTER,
        )
    return None


def _is_full(cause: BaseException) -> bool:
    if isinstance(cause, psycopg.Error):
        return cause.sqlstate in _FULL
    return _get_sqlite_code(cause) == sqlite3.SQLITE_FULL


def _is_damaged(cause: BaseException) -> bool:
    if isinstance(cause, psycopg.Error):
        return cause.sqlstate in _DAMAGED
    return _get_sqlite_code(cause) in _SQLITE_DAMAGED


def _get_sqlite_code(cause: BaseException) -> int | None:
    code: int | None = getattr(cause, "sqlite_errorcode", None)  # not of errors of Python's own
    return None if code is None else code & _PRIMARY_CODE

"""What goes past the tables: being woken by other processes, and being the only one to build."""

import hashlib
import threading
import time
from contextlib import suppress
from typing import Final

import psycopg

from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.records.faults import RETRY_AFTER, explain
from embedding_service.indexes.records.locking import CHANNEL
from embedding_service.indexes.records.postgresql import Address, PatientConnection, connect

_SLICE: Final = 0.25
"""Seconds between two looks at whether somebody wants to close."""


class Listener:
    """Tells which indexes other processes have written to. Thread-safe.

    Without an `address` (SQLite: there are no other processes) nobody ever writes.
    """

    def __init__(self, address: Address | None, patience: float) -> None:
        self._address = address
        self._patience = patience
        self._connection: PatientConnection | None = None
        self._closing = threading.Event()
        self._using = threading.Lock()

    def wait(self, timeout: float) -> set[str]:
        """The uids written to since the last call, as soon as there is one, or none in time.

        Empty also, and at once, after connecting: what was written before nobody was told of, so
        that the caller must look. A database that does not answer costs the whole `timeout` (in
        seconds), not less, so that a caller's loop does not spin.
        """
        deadline = time.monotonic() + timeout
        while not self._closing.is_set() and (left := deadline - time.monotonic()) > 0:
            with self._using:
                if self._connection is None and self._connect():
                    return set()
                if self._connection is not None and (told := self._receive(min(left, _SLICE))):
                    return told
                is_silent = self._connection is None
            if is_silent:
                self._closing.wait(left)
        return set()

    def close(self) -> None:
        """End a waiting call, and the connection."""
        self._closing.set()
        with self._using:
            self._disconnect()

    def _connect(self) -> bool:
        if self._address is None or self._closing.is_set():
            return False
        try:
            self._connection = connect(self._address(), self._patience)
            self._connection.set_autocommit(True)
            self._connection.execute(f"LISTEN {CHANNEL}")
        except (psycopg.Error, RecordUnavailable):
            self._disconnect()
            return False
        return True

    def _receive(self, seconds: float) -> set[str]:
        if self._connection is None:
            return set()
        try:
            notices = self._connection.notifies(timeout=seconds, stop_after=1)
            return {notice.payload for notice in notices}
        except psycopg.Error:
            self._disconnect()
            return set()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()
            self._connection = None


class Election:
    """Being the one process that works on an index. The database takes it back when we die."""

    def __init__(self, connection: PatientConnection | None) -> None:
        self._connection = connection

    @property
    def is_held(self) -> bool:
        """Whether it still is: ask before publishing what took long to make."""
        if self._connection is None:
            return True
        try:
            self._connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def release(self) -> None:
        """Let others be elected."""
        if self._connection is not None:
            with suppress(psycopg.Error):
                self._connection.close()


def elect(address: Address | None, uid: str, patience: float) -> Election | None:
    """Stand for election; None when another process holds the office. Raises RecordUnavailable."""
    if address is None:
        return Election(None)
    number = int.from_bytes(hashlib.sha256(uid.encode()).digest()[:8], signed=True)
    try:
        connection = connect(address(), patience)
    except psycopg.Error as error:
        raise RecordUnavailable(
            f"the database does not answer ({explain(error)})", RETRY_AFTER
        ) from error
    try:
        connection.set_autocommit(True)
        (is_elected,) = connection.execute(
            "SELECT pg_try_advisory_lock(%s)", [number]
        ).fetchone() or (False,)
    except psycopg.Error as error:
        connection.close()
        raise RecordUnavailable(
            f"the database does not answer ({explain(error)})", RETRY_AFTER
        ) from error
    if is_elected:
        return Election(connection)
    connection.close()
    return None

"""A PostgreSQL that several processes share."""

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, TypeAlias, TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from sqlalchemy import URL, create_engine

from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.records.sessions import Database

_T = TypeVar("_T")
Address: TypeAlias = Callable[[], URL]
"""Where the database is now, and who may use it: passwords change. May raise RecordUnavailable."""

_CONNECTIONS: Final = 10
_OLDEST: Final = 130_000  # PostgreSQL 13, as libpq counts
_RETRY_AFTER: Final = 60.0
_WAKE_EVERY: Final = 0.1

# A process that is paused inside a transaction must not keep an index locked for the others, so
# that the server ends what is idle in one. Every query of this room is made for an index; of a
# table that it has not analysed yet PostgreSQL thinks otherwise, and would read and sort all that
# is left of it for each page of a tail.
_PREPARE: Final = """
SELECT set_config('statement_timeout', %(ms)s, false),
       set_config('lock_timeout', %(ms)s, false),
       set_config('idle_in_transaction_session_timeout', %(ms)s, false),
       set_config('enable_seqscan', 'off', false),
       set_config('enable_bitmapscan', 'off', false),
       set_config('enable_sort', 'off', false),
       current_setting('synchronous_commit')
"""


class PatientConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection that waits for an answer only so long.

    The server's own timeouts do nothing while the server is paused, and TCP's nothing while the
    kernel still acknowledges for a process that is stopped.
    """

    patience: float = 30.0
    """Seconds."""

    def wait(
        self, gen: PQGen[_T], interval: float = _WAKE_EVERY, timeout: float | None = None
    ) -> _T:
        """Run `gen` to its end; without a `timeout` of its own it ends with the connection."""
        if timeout is not None:
            return super().wait(gen, interval=interval, timeout=timeout)
        # The server's own timeout is to come first: after it the connection is still of use.
        bound = self.patience * 1.5
        deadline = time.monotonic() + bound
        try:
            return super().wait(gen, interval=interval, timeout=bound)
        except psycopg.OperationalError as error:
            if time.monotonic() < deadline:
                raise
            self.pgconn.finish()  # an answer may come yet, to whatever would be asked next
            raise psycopg.OperationalError(f"no answer within {bound:g} s") from error


def connect(url: URL, patience: float) -> PatientConnection:
    """A connection fit to write through. Raises RecordUnavailable, psycopg.OperationalError."""
    parameters: dict[str, str | int | None] = {
        "connect_timeout": max(2, round(patience)),  # libpq takes no less
        "tcp_user_timeout": round(patience * 1000),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "application_name": "gpu-embedding",
    }
    given = url.set(drivername="postgresql").render_as_string(hide_password=False)
    parameters.update(conninfo_to_dict(given))
    connection = PatientConnection.connect(make_conninfo("", **parameters))
    connection.patience = patience
    try:
        _prepare(connection)
    except BaseException:
        with suppress(psycopg.Error):
            connection.close()
        raise
    return connection


def open_postgresql(address: Address, patience: float) -> Database:
    """Pools of connections; none is made yet. `patience` is in seconds."""
    writer = create_engine(
        "postgresql+psycopg://",
        creator=lambda: connect(address(), patience),
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        pool_size=_CONNECTIONS,
        max_overflow=_CONNECTIONS,
        pool_pre_ping=True,
        pool_timeout=patience,
        use_native_hstore=False,
    )
    return Database(
        writer=writer,
        reader=writer.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        ),
        is_shared=True,
        release=lambda: None,
    )


def _prepare(connection: PatientConnection) -> None:
    if connection.info.server_version < _OLDEST:
        raise RecordUnavailable(
            f"the database is PostgreSQL {connection.info.server_version // 10_000}; 13 is the "
            "oldest that works",
            _RETRY_AFTER,
        )
    bound = {"ms": str(round(connection.patience * 1000))}
    (*_, synchronous_commit) = connection.execute(_PREPARE, bound).fetchone() or ()
    connection.commit()
    if synchronous_commit == "off":
        raise RecordUnavailable(
            "the database has synchronous_commit = off: it acknowledges what a power cut would "
            "take back; set it to on, for the server or for this user (ALTER ROLE … SET)",
            _RETRY_AFTER,
        )

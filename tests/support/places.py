"""Databases of their own, for programs that need many of them beside the one they are given."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, NullPool, create_engine, inspect, make_url, text

from waiting import wait_until

_SECONDS = 60.0
_OTHERS = text(
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
    "AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A database, and the folder that goes with it."""

    url: str
    folder: Path

    def wait_until_alone(self) -> None:
        """Until the server has noticed that its clients died: a commit may be on its way yet."""
        if make_url(self.url).get_backend_name() == "postgresql":
            with _connect(self.url) as connection:
                wait_until(lambda: not connection.scalar(_OTHERS), _SECONDS, "the end of clients")

    def describe_schema(self) -> dict[str, Any]:
        """Tables with their columns and indexes, as the database tells."""
        with _connect(self.url) as connection:
            found = inspect(connection)
            return {
                name: (
                    sorted((each["name"], str(each["type"])) for each in found.get_columns(name)),
                    sorted(str(each["name"]) for each in found.get_indexes(name)),
                )
                for name in found.get_table_names()
            }


@contextmanager
def fresh_place(url: str, folder: Path, name: str) -> Iterator[Place]:
    """An empty database of the kind that `url` names; it is gone after the block."""
    address = make_url(url)
    (own := folder / name).mkdir(parents=True)
    if address.get_backend_name() == "sqlite":
        yield Place(f"sqlite:///{own / 'record.db'}", own)
        return
    database = f"{address.database}_{name}"
    _execute(address, f'CREATE DATABASE "{database}"')
    try:
        yield Place(_tell(address.set(database=database)), own)
    finally:
        _execute(address, f'DROP DATABASE "{database}" WITH (FORCE)')


def _execute(address: URL, statement: str) -> None:
    with _connect(_tell(address)) as connection:
        connection.exec_driver_sql(statement)


@contextmanager
def _connect(url: str) -> Iterator[Connection]:
    """A connection that nothing is left of: whoever forks must have none."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def _tell(address: URL) -> str:
    return address.render_as_string(hide_password=False)

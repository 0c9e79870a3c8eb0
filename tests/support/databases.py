"""Fresh databases for tests: SQLite files, and databases of a real PostgreSQL started for the run.

Each test process has a server of its own, reached through a Unix socket only. It runs as an
unprivileged user, because PostgreSQL refuses root, and under a shepherd, so that it ends with the
test process however that ends.
"""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import psutil
import psycopg
import pytest

from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Record
from shepherd import start_under_shepherd
from waiting import wait_until

_SECONDS = 60.0
_OWNER = "tester"
_UNPRIVILEGED = ("postgres", "nobody")
# No test cuts the power of the machine that PostgreSQL is on: what a write cost in flushes to the
# disk is lost on them, a second for each database that is dropped alone.
_HASTY = ("-c", "fsync=off", "-c", "full_page_writes=off")
_HINT = "PostgreSQL is not installed (Debian: apt-get install postgresql)"


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server."""

    folder: Path
    """Holds the socket, the log and the data."""
    process: psutil.Process
    """The postmaster; its children are the backends."""

    def build_url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql+psycopg://{_OWNER}@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Run one statement outside any transaction."""
        address = f"host={self.folder} user={_OWNER} dbname={database}"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def pause(self) -> None:
        """Stop the server and all of its backends, as a frozen host would; nothing is closed."""
        for process in (self.process, *self.process.children()):
            process.suspend()

    def resume(self) -> None:
        """Let a paused server go on."""
        for process in (self.process, *self.process.children()):
            process.resume()


def get_name(url: str) -> str:
    """The database that an address names."""
    return urlsplit(url).path.removeprefix("/")


def find_binaries() -> Path | None:
    """The folder of the newest PostgreSQL here."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    found = debian[-1] if debian else shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """One server for all tests of this process; tests/conftest.py alone names it, for all rooms."""
    binaries = find_binaries()
    if binaries is None:
        if os.environ.get("CI"):
            pytest.fail(_HINT)
        pytest.skip(_HINT)
    folder = Path(tempfile.mkdtemp(prefix="gpu-embedding-pg-"))
    try:
        server = _start(binaries, folder)
        yield server
        _stop(server)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgresql_url(postgresql: PostgreSQL) -> Iterator[str]:
    """The address of an empty database."""
    name = f"test_{uuid4().hex}"
    postgresql.execute(f"CREATE DATABASE {name}")
    yield postgresql.build_url(name)
    postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The address of a file that is not there yet, in the folder of `record`."""
    return f"sqlite:///{tmp_path / 'record' / 'record.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def record_url(request: pytest.FixtureRequest) -> str:
    """The address of an empty database, of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def record_folder(tmp_path: Path) -> Path:
    """Where the record keeps its lock and, on SQLite, its file."""
    return tmp_path / "record"


@pytest.fixture
def record(record_url: str, record_folder: Path) -> Iterator[Record]:
    """An open, empty record."""
    opened = open_record(record_url, record_folder)
    yield opened
    opened.close()


def _start(binaries: Path, folder: Path) -> PostgreSQL:
    as_user = _unprivileged(folder)
    cluster = folder / "cluster"
    initdb = [str(binaries / "initdb"), "-D", str(cluster), "-U", _OWNER, "-A", "trust", "-N"]
    subprocess.run(
        [*as_user, *initdb, "--no-locale", "-E", "UTF8"],
        cwd=folder,
        check=True,
        capture_output=True,
    )
    serve = [str(binaries / "postgres"), "-D", str(cluster), "-k", str(folder), "-h", "", *_HASTY]
    shepherd = folder / "shepherd"
    shepherd.mkdir()
    start_under_shepherd(shepherd, [*as_user, *serve])
    pid = wait_until(lambda: _read(shepherd / "pid"), _SECONDS, "a process for PostgreSQL")
    server = PostgreSQL(folder, psutil.Process(int(pid)))
    wait_until(lambda: _answers(server, shepherd), _SECONDS, "an answer of PostgreSQL")
    return server


def _stop(server: PostgreSQL) -> None:
    status = server.folder / "shepherd" / "status"
    server.resume()
    server.process.send_signal(signal.SIGINT)  # at once, with a checkpoint; clients are cut off
    wait_until(lambda: _read(status), _SECONDS, "the end of PostgreSQL")


def _unprivileged(folder: Path) -> Sequence[str]:
    """What goes before a command so that it does not run as root; gives the folder away to it."""
    if os.geteuid() != 0:
        return ()
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = next(known[name] for name in _UNPRIVILEGED if name in known)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")


def _read(path: Path) -> str | None:
    return path.read_text() if path.exists() else None


def _answers(server: PostgreSQL, shepherd: Path) -> bool:
    if (shepherd / "status").exists():
        raise RuntimeError((shepherd / "log").read_text(errors="replace"))
    try:
        server.execute("SELECT 1")
    except psycopg.OperationalError:
        return False
    return True

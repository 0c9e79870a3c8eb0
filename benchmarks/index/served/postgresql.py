"""A PostgreSQL of our own for a while, with its own defaults: it fsyncs before it acknowledges."""

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.machine import say

_OWNER: Final = "bench"
_UNPRIVILEGED: Final = ("postgres", "nobody")
_START_SECONDS: Final = 60.0
LACKING: Final = "no PostgreSQL is installed (Debian: apt-get install postgresql)"


def find_binaries() -> Path | None:
    """The folder of the newest one here."""
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    found = debian[-1] if debian else shutil.which("postgres")
    return Path(found).resolve().parent if found else None


def describe_postgresql() -> str:
    """Which one it would be."""
    binaries = find_binaries()
    if binaries is None:
        return "no PostgreSQL"
    return say([str(binaries / "postgres"), "--version"]).replace("(PostgreSQL) ", "")


@contextmanager
def running_postgresql(binaries: Path) -> Iterator[str]:
    """The URL of an empty database, reached through a Unix socket."""
    folder = Path(tempfile.mkdtemp(prefix="gpu-embedding-bench-"))
    as_user, cluster = _unprivileged(folder), folder / "cluster"
    try:
        initdb = [str(binaries / "initdb"), "-D", str(cluster), "-U", _OWNER, "-A", "trust"]
        _run([*as_user, *initdb, "--no-locale", "-E", "UTF8"], folder)
        serve = [str(binaries / "postgres"), "-D", str(cluster), "-k", str(folder), "-h", ""]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([*as_user, *serve], cwd=folder, stdout=log, stderr=log)
        try:
            _wait(binaries, folder)
            yield f"postgresql+psycopg://{_OWNER}@/postgres?host={folder}"
        finally:
            server.terminate()
            try:
                server.wait(_START_SECONDS)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _wait(binaries: Path, folder: Path) -> None:
    ready = [str(binaries / "pg_isready"), "-q", "-h", str(folder), "-U", _OWNER]
    deadline = time.monotonic() + _START_SECONDS
    while subprocess.run(ready, check=False).returncode:
        if time.monotonic() > deadline:
            raise RuntimeError((folder / "log").read_text(errors="replace"))
        time.sleep(0.1)


def _run(command: Sequence[str], folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _unprivileged(folder: Path) -> Sequence[str]:
    """What goes before a command so that it is not run as root, which PostgreSQL refuses."""
    if os.geteuid() != 0:
        return ()
    known = {user.pw_name: user for user in pwd.getpwall()}
    user = next(known[name] for name in _UNPRIVILEGED if name in known)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")

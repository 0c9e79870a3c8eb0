"""What it was measured on."""

import os
import platform
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from benchmarks.index.served.postgresql import find_binaries

_PACKAGES: Final = ("faiss-cpu", "numpy", "sqlalchemy", "psycopg", "chromadb", "lancedb")


def describe_machine(root: Path) -> Iterator[str]:
    """Lines of a list: date, commit, machine, versions."""
    git = ["git", "-C", str(root)]
    commit = _say([*git, "describe", "--always"]) or "unknown"
    if _say([*git, "status", "--porcelain", "--", ":!docs"]):  # where the page itself is
        commit += "-dirty"
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"Date: {datetime.now(UTC):%Y-%m-%d}; commit: {commit}"
    yield (
        f"Machine: {os.cpu_count()} cores ({_find_processor()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()} {platform.machine()}"
    )
    packages = ", ".join(f"{name} {_find_version(name)}" for name in _PACKAGES)
    yield f"Versions: Python {platform.python_version()}, {packages}, {_find_postgresql()}"


def _find_processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor() or "unknown")


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _find_postgresql() -> str:
    binaries = find_binaries()
    if binaries is None:
        return "no PostgreSQL"
    return _say([str(binaries / "postgres"), "--version"]).replace("(PostgreSQL) ", "")


def _say(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()

"""What it was measured on."""

import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def describe_machine(root: Path, packages: Sequence[str], *programs: str) -> Iterator[str]:
    """Lines of a list: date, commit, machine, versions of packages, and `programs` with theirs."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    yield f"Date: {datetime.now(UTC):%Y-%m-%d}; commit: {find_commit(root)}"
    yield (
        f"Machine: {os.cpu_count()} cores ({find_processor()}), {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()} {platform.machine()}"
    )
    versions = [f"{name} {_find_version(name)}" for name in packages]
    yield f"Versions: {', '.join([f'Python {platform.python_version()}', *versions, *programs])}"


def find_commit(root: Path) -> str:
    """The checkout's, marked where files besides the pages are not as committed."""
    git = ["git", "-C", str(root)]
    commit = say([*git, "describe", "--always"]) or "unknown"
    if say([*git, "status", "--porcelain", "--", ":!docs"]):  # where the page itself is
        commit += "-dirty"
    return commit


def find_processor() -> str:
    """Its name, as far as the system tells it."""
    return _read_processor("model name") or platform.processor() or "unknown"


def find_features(wanted: Sequence[str]) -> list[str]:
    """Those of `wanted` that the processor has, as far as the system tells (Linux does)."""
    features = set(_read_processor("flags").split())
    return [name for name in wanted if name in features]


def _read_processor(field: str) -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    told = (line.partition(":")[2].strip() for line in lines if line.startswith(field))
    return next(told, "")


def _find_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def say(command: list[str]) -> str:
    """What a program says; nothing where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()

"""Room to grow in: writes are refused before the kernel ends the process or the disk is full.

A container's memory is what its cgroup allows, less what it uses; pages of files that nobody has
used lately are given back on demand and count as free (kernel manual, "Memory Resource
Controller"). Where the system does not tell its memory as Linux does, only the disk is looked at.
"""

import os
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from embedding_service.indexes.errors import OutOfSpace

_CGROUP: Final = Path("/sys/fs/cgroup")
_MEMORY: Final = Path("/proc/meminfo")
_SHARE: Final = 0.05
"""Of all memory, kept free: searches, builds and answers need some too."""
_LEAST_DISK: Final = 256 << 20
"""Bytes kept free on the disk: SQLite's log and a segment being built need some too."""
_COPIES: Final = 3
"""Of what is written that are on the disk at once: in the log, in the file, in a build."""


class Scarce(StrEnum):
    """What may run out."""

    MEMORY = "memory"
    DISK = "disk"


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why documents are refused."""

    of: Scarce
    told: str
    """How much there is, how much must be, and what to do."""


class Headroom:
    """Of this process; asked before every write that makes an index larger. Thread-safe."""

    def __init__(self, folder: Path | None, cgroup: Path = _CGROUP, memory: Path = _MEMORY) -> None:
        """`folder` is on the disk that documents go to; None where that is another machine's."""
        self._folder = folder
        self._cgroup = cgroup
        self._memory = memory

    def check(self, size: int) -> None:
        """Raise OutOfSpace unless `size` bytes more fit into memory and on the disk."""
        shortage = self.find_shortage(size)
        if shortage is not None:
            raise OutOfSpace(shortage.told)

    def find_shortage(self, size: int = 0) -> Shortage | None:
        """What `size` bytes more do not fit into."""
        limit, free = self._read_memory()
        if free - size < limit * _SHARE:
            return Shortage(
                Scarce.MEMORY,
                f"no memory for more documents: {free >> 20:,} of {limit >> 20:,} MiB are free, "
                f"and {_SHARE:.0%} must be; give the server more memory, or remove documents",
            )
        if self._folder is None:
            return None
        found = os.statvfs(self._folder)
        left = found.f_bavail * found.f_frsize
        if left - _COPIES * size >= _LEAST_DISK:
            return None
        return Shortage(
            Scarce.DISK,
            f"no disk for more documents: {left >> 20:,} MiB are free at DATA_DIR, and "
            f"{_LEAST_DISK >> 20} must be; free some, or move DATA_DIR to a larger disk",
        )

    def _read_memory(self) -> tuple[int, int]:
        """Bytes there are, and bytes that are free."""
        if not self._memory.exists():
            return 0, sys.maxsize
        told = _read_table(self._memory, ":")
        limit, free = told["MemTotal"] << 10, told["MemAvailable"] << 10
        for largest, used, stale in (
            ("memory.max", "memory.current", "inactive_file"),
            ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
        ):
            path = self._cgroup / largest
            if path.exists() and (text := path.read_text().strip()) != "max" and int(text) < limit:
                in_use = int((self._cgroup / used).read_text())
                stat = _read_table(path.with_name("memory.stat"), "")
                return int(text), min(free, int(text) - in_use + stat.get(stale, 0))
        return limit, free


def _read_table(path: Path, after_name: str) -> dict[str, int]:
    """Names and numbers of a file with one of each a line."""
    words = (line.split() for line in path.read_text().splitlines())
    return {each[0].removesuffix(after_name): int(each[1]) for each in words if len(each) >= 2}

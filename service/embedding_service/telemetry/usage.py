"""What a process and all that it has started take of the processor."""

import os
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
_AFTER_NAME: Final = 11
"""Place of utime behind the name in /proc/PID/stat; stime, cutime and cstime follow (proc(5))."""


def cpu_seconds() -> float:
    """Of this process and its descendants, the dead that were waited for included."""
    ticks = sum(_ticks(pid) for pid in _family(os.getpid()))
    if not ticks:  # no /proc
        return sum(os.times()[:4])
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> list[int]:
    members = [pid]
    for member in members:  # grows as it goes
        members += _children(member)
    return members


def _children(pid: int) -> list[int]:
    try:
        threads = list((_PROC / f"{pid}/task").iterdir())
        return [int(each) for thread in threads for each in _read(thread / "children").split()]
    except OSError:  # it has just ended
        return []


def _ticks(pid: int) -> int:
    try:
        fields = _read(_PROC / f"{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(map(int, fields[_AFTER_NAME : _AFTER_NAME + 4]))


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except FileNotFoundError:  # a thread that has ended
        return ""

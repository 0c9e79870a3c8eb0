"""A file that may change at any time, and what it says."""

import time
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Final, Generic, TypeVar

import structlog

_T = TypeVar("_T")
_LOOK_EVERY: Final = 1.0
"""Seconds between two looks at the file."""

_log = structlog.stdlib.get_logger(__name__)


class Watched(Generic[_T]):
    """Thread-safe. While the file is away, or says what nobody understands, the old stays."""

    def __init__(
        self,
        path: Path,
        parse: Callable[[Path], _T],
        *,
        first: _T | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read it.

        Args:
            path: The file; Kubernetes replaces that of a mounted Secret or ConfigMap.
            parse: Reads it. Raises ValueError or OSError.
            first: What counts while it could never be read; without it, that is raised.
            clock: In seconds.
        """
        self._path = path
        self._parse = parse
        self._clock = clock
        self._looking = Lock()
        self._stamp = _stamp_of(path)
        self._next_look = clock() + _LOOK_EVERY
        try:
            self._value = parse(path)
        except (OSError, ValueError) as error:
            if first is None:
                raise
            self._value = first
            if self._stamp is not None:
                self._tell(error)

    @property
    def value(self) -> _T:
        """What the file says now, or a second ago."""
        with self._looking:
            now = self._clock()
            if now >= self._next_look:
                self._next_look = now + _LOOK_EVERY
                self._look()
            return self._value

    def _look(self) -> None:
        stamp = _stamp_of(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._value = self._parse(self._path)
        except (OSError, ValueError) as error:
            self._tell(error)
        else:
            _log.info("a file was read again", file=str(self._path))

    def _tell(self, error: Exception) -> None:
        _log.error(
            "a file is passed over, and what it said before stays",
            file=str(self._path),
            reason=str(error),
        )


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    """What changes when the file does; of a mounted Secret the inode alone. None without a file."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino

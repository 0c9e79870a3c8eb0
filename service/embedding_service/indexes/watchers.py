"""Who waits for a version."""

import threading
from collections.abc import Callable


class Watchers:
    """Each is told once, in whatever thread. Thread-safe."""

    def __init__(self) -> None:
        self._waiting: list[tuple[int, Callable[[], None]]] = []
        self._changing = threading.Lock()

    def add(self, version: int, tell: Callable[[], None]) -> None:
        """Call `tell` when `version` has been reached."""
        with self._changing:
            self._waiting.append((version, tell))

    def drop(self, tell: Callable[[], None]) -> None:
        """`tell` is not to be called any more."""
        with self._changing:
            self._waiting = [each for each in self._waiting if each[1] is not tell]

    def tell(self, read_version: Callable[[], int]) -> None:
        """Call those whose version has been reached."""
        with self._changing:
            reached = read_version()  # once: it moves on, and nobody must fall between two looks
            due = [tell for version, tell in self._waiting if version <= reached]
            self._waiting = [each for each in self._waiting if each[0] > reached]
        for tell in due:
            tell()

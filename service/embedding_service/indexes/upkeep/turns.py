"""Taking turns."""

import threading


class Turn:
    """A lock that whoever waits for it has before whoever has just let go of it.

    threading.Lock promises no order: a thread that takes it again at once has it again nearly every
    time, and one that waited would wait for as long as the other has something to do.
    """

    def __init__(self) -> None:
        self._coming = threading.Lock()
        self._taken = threading.Lock()

    def __enter__(self) -> None:
        with self._coming:  # kept while waiting: all others come later
            self._taken.acquire()

    def __exit__(self, *_: object) -> None:
        self._taken.release()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody waits for it."""
        return self._coming.locked()

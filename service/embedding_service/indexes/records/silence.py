"""Since when the database has not answered: whoever can do without it need not wait to find out."""

import time
from collections.abc import Callable


class Silence:
    """Of one record. Thread-safe: each part of it is one assignment."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._heard_at = clock()
        self._is_silent = False
        self.fault: str | None = None
        """What was told instead of its last answer."""

    @property
    def seconds(self) -> float | None:
        """Since it answered last; None while it answers."""
        return self._clock() - self._heard_at if self._is_silent else None

    def begin(self, fault: str | None = None) -> None:
        """It was asked and has not answered."""
        self._is_silent, self.fault = True, fault

    def end(self) -> None:
        """It has answered."""
        self._heard_at = self._clock()
        self._is_silent, self.fault = False, None

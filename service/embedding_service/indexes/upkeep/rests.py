"""Who is left alone for a while, after something has failed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class _Rest:
    until: float
    """By the clock."""
    seconds: float


class Rests:
    """Of indexes, by uid; each failure in a row doubles the time. Not thread-safe."""

    def __init__(self, clock: Callable[[], float], shortest: float, longest: float) -> None:
        """All in seconds."""
        self._clock = clock
        self._shortest = shortest
        self._longest = longest
        self._rests: dict[str, _Rest] = {}

    def holds(self, uid: str) -> bool:
        """Whether it is still to be left alone."""
        rest = self._rests.get(uid)
        return rest is not None and self._clock() < rest.until

    def begin(self, uid: str) -> float:
        """Leave it alone from now on; for how many seconds."""
        last = self._rests.get(uid)
        seconds = self._shortest if last is None else min(2 * last.seconds, self._longest)
        self._rests[uid] = _Rest(self._clock() + seconds, seconds)
        return seconds

    def end(self, uid: str) -> None:
        """It has done well."""
        self._rests.pop(uid, None)

    def keep_only(self, uids: Collection[str]) -> None:
        """Forget all others."""
        self._rests = {uid: rest for uid, rest in self._rests.items() if uid in uids}

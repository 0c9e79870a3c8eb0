"""How many at once: a bound on the indexes that get a new image at a time.

An index that gets worse by it keeps its turn, and nobody begins another: a bad image spoils a few
indexes at most.
"""

from typing import Generic, TypeVar

K = TypeVar("K")


class Turns(Generic[K]):
    """Whoever wants one gets it while there are any."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[K, bool] = {}
        """Those that have one, and whether something is wrong with them."""

    def take(self, key: K) -> bool:
        """Whether it has a turn from now on. Passes run side by side, so it is taken first."""
        is_free = len(self._held) < self._most and not any(self._held.values())
        if key not in self._held and is_free:
            self._held[key] = False
        return key in self._held

    def settle(self, key: K, *, wants: bool, is_worse: bool = False) -> None:
        """Give it back where it is not wanted; `is_worse` lets nobody else begin."""
        if not wants:
            self.give_back(key)
        elif key in self._held:
            self._held[key] = is_worse

    def give_back(self, key: K) -> None:
        """It is over."""
        self._held.pop(key, None)

"""How many at once: a bound on the indexes whose pods are replaced by those of another release.

An index that was well and gets worse by it keeps its turn, and nobody begins another: a bad image
spoils a few indexes at most. One that was not well before spoils nobody's turn. How it was before
is written on its Deployment, so that a restart of the operator does not let a bad image go on.
"""

from dataclasses import dataclass
from typing import Generic, TypeVar

from embedding_operator.plan.renewal import Renewal

K = TypeVar("K")


@dataclass(slots=True)
class _Turn:
    was_well: bool
    """Before it began."""
    is_worse: bool = False


class Turns(Generic[K]):
    """Whoever needs one gets it while there are any."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: dict[K, _Turn] = {}

    def has(self, key: K) -> bool:
        """Whether it has one."""
        return key in self._held

    def take(self, key: K, *, is_well: bool) -> bool:
        """Whether it has a turn from now on. Passes run side by side, so it is taken first."""
        is_free = len(self._held) < self._most
        if key not in self._held and is_free and not any(t.is_worse for t in self._held.values()):
            self._held[key] = _Turn(is_well)
        return key in self._held

    def resume(self, key: K) -> None:
        """Give back the turn that it had before a restart, begun while it was well."""
        self._held.setdefault(key, _Turn(was_well=True, is_worse=True))

    def began_well(self, key: K) -> bool:
        """Whether it has a turn that was begun while it was well."""
        turn = self._held.get(key)
        return turn is not None and turn.was_well

    def settle(self, key: K, renewal: Renewal) -> None:
        """Give it back where it is over; what goes wrong under it lets nobody else begin."""
        turn = self._held.get(key)
        if turn is None:
            if renewal.is_going_on and not renewal.is_stuck:
                self.take(key, is_well=False)
            return
        is_suspect = turn.was_well and not renewal.is_whole
        is_hopeless = renewal.is_stuck and not turn.was_well
        if is_hopeless or not (renewal.is_going_on or is_suspect):
            self.give_back(key)
        else:
            turn.is_worse = turn.was_well and renewal.is_degraded

    def give_back(self, key: K) -> None:
        """It is over."""
        self._held.pop(key, None)

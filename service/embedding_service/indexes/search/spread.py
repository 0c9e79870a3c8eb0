"""Whether the segments of an index are searched one after the other, or side by side."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Spread(Protocol):
    """What `map` does, and an executor's `map` in several threads."""

    def __call__(self, function: Callable[[_In], _Out], items: Iterable[_In], /) -> Iterable[_Out]:
        """Each item's result, in the order of the items; an exception where it was raised."""

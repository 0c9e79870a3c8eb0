"""Many strings in two arrays: a million Python strings cost ten times their text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

Offsets: TypeAlias = NDArray[np.uint32 | np.uint64]
_LARGEST_NARROW = 2**32 - 1
_TAKEN_AT_ONCE = 4_096
"""Strings: a place is computed for every byte of them."""


@dataclass(frozen=True, slots=True, eq=False)
class Strings(Sequence[str]):
    """An immutable column of strings."""

    text: NDArray[np.uint8]
    """UTF-8, one after the other."""
    offsets: Offsets
    """Shape (n + 1,): string i is text[offsets[i]:offsets[i + 1]]."""

    @classmethod
    def of(cls, strings: Iterable[str]) -> "Strings":
        """A copy of `strings`. Raises UnicodeEncodeError for lone surrogates."""
        encoded = [string.encode() for string in strings]
        lengths = np.array([len(each) for each in encoded], dtype=np.int64)
        text = np.frombuffer(b"".join(encoded), dtype=np.uint8)
        return cls.from_arrays(text, _offsets_of(lengths))

    @classmethod
    def from_arrays(cls, text: NDArray[np.uint8], offsets: Offsets) -> "Strings":
        """These arrays; raises ValueError when they do not fit each other."""
        if not len(offsets) or offsets[0] != 0 or offsets[-1] != len(text):
            raise ValueError("the offsets of strings do not fit their text")
        narrow = np.uint32 if len(text) <= _LARGEST_NARROW else np.uint64
        return cls(text, offsets.astype(narrow, copy=False))

    @classmethod
    def joined(cls, columns: Sequence["Strings"]) -> "Strings":
        """The strings of all columns, one column after the other; at least one column."""
        lengths = np.concatenate([np.diff(each.offsets) for each in columns])
        text = np.concatenate([each.text for each in columns])
        return cls.from_arrays(text, _offsets_of(lengths))

    def take(self, places: NDArray[np.int64]) -> "Strings":
        """These strings, in this order."""
        starts = self.offsets[places].astype(np.int64)
        lengths = self.offsets[places + 1].astype(np.int64) - starts
        offsets = _offsets_of(lengths)
        shifts = starts - offsets[:-1].astype(np.int64)
        text = np.empty(int(offsets[-1]), dtype=np.uint8)
        for first in range(0, len(places), _TAKEN_AT_ONCE):
            last = min(first + _TAKEN_AT_ONCE, len(places))
            start, end = int(offsets[first]), int(offsets[last])
            shift = np.repeat(shifts[first:last], lengths[first:last])
            text[start:end] = self.text[np.arange(start, end) + shift]
        return self.from_arrays(text, offsets)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return self.text.nbytes + self.offsets.nbytes

    def __len__(self) -> int:
        return len(self.offsets) - 1

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: int | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        place = place + len(self) if place < 0 else place
        if not 0 <= place < len(self):
            raise IndexError(place)
        return self.encoded(place).decode()

    def encoded(self, place: int) -> bytes:
        """One string as UTF-8, whose order is that of code points."""
        return self.text[int(self.offsets[place]) : int(self.offsets[place + 1])].tobytes()


def _offsets_of(lengths: NDArray[np.integer[Any]]) -> NDArray[np.uint64]:
    offsets = np.zeros(len(lengths) + 1, dtype=np.uint64)
    np.cumsum(lengths, dtype=np.uint64, out=offsets[1:])
    return offsets

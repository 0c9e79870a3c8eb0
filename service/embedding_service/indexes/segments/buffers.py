"""Arrays and columns that grow at their end while others read what is there.

One thread appends. A reader is told a number of rows that was reached before, and sees those for
ever: rows are never written twice, and a larger array is filled before it takes the smaller one's
place.
"""

from collections.abc import Sequence
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.filters.values import Values
from embedding_service.indexes.segments.columns import (
    NUMBER_TYPES,
    Column,
    Numbers,
    WordLists,
    Words,
)
from embedding_service.indexes.segments.vocabularies import MISSING, GrowingWords

_T = TypeVar("_T", bound=np.generic)
_FIRST_ROWS = 64


class Buffer(Generic[_T]):
    """An array whose first dimension doubles, up to `most` rows where there is such a bound."""

    def __init__(
        self, dtype: type[_T], shape: tuple[int, ...] = (), most: int | None = None
    ) -> None:
        self._most = most
        self._array: NDArray[_T] = np.empty((min(_FIRST_ROWS, most or _FIRST_ROWS), *shape), dtype)
        self.rows = 0

    def append(self, rows: NDArray[_T]) -> None:
        """Add rows at the end."""
        end = self.rows + len(rows)
        if end > len(self._array):
            doubled = max(end, 2 * len(self._array))
            size = doubled if self._most is None else min(doubled, self._most)
            larger = np.empty((size, *self._array.shape[1:]), self._array.dtype)
            larger[: self.rows] = self._array[: self.rows]
            self._array = larger
        self._array[self.rows : end] = rows
        self.rows = end

    def view(self, rows: int) -> NDArray[_T]:
        """The first `rows` rows; nobody writes to them again."""
        return self._array[:rows]


class GrowingNumbers:
    """Numbers that grow."""

    def __init__(self, kind: FieldType) -> None:
        self._dtype = NUMBER_TYPES[kind]
        self._values: Buffer[np.int64 | np.float64 | np.bool_] = Buffer(self._dtype)
        self._is_present = Buffer(np.bool_)

    def append(self, rows: Sequence[Values]) -> None:
        """Add the values of some rows."""
        values = [row[0] if row else 0 for row in rows]
        self._values.append(np.array(values, dtype=self._dtype))
        self._is_present.append(np.array([bool(row) for row in rows], dtype=np.bool_))

    def view(self, rows: int) -> Column:
        """The first `rows` rows."""
        return Numbers(self._values.view(rows), self._is_present.view(rows))


class GrowingKeywords:
    """Words that grow."""

    def __init__(self) -> None:
        self._codes = Buffer(np.int32)
        self._words = GrowingWords()

    def append(self, rows: Sequence[Values]) -> None:
        """Add the values of some rows."""
        codes = [self._words.add(str(row[0])) if row else MISSING for row in rows]
        self._codes.append(np.array(codes, dtype=np.int32))

    def view(self, rows: int) -> Column:
        """The first `rows` rows."""
        return Words(self._codes.view(rows), self._words)


class GrowingKeywordLists:
    """WordLists that grow."""

    def __init__(self) -> None:
        self._offsets = Buffer(np.int64)
        self._codes = Buffer(np.int32)
        self._words = GrowingWords()
        self._offsets.append(np.zeros(1, dtype=np.int64))

    def append(self, rows: Sequence[Values]) -> None:
        """Add the values of some rows."""
        start = self._codes.rows
        codes = [self._words.add(str(value)) for row in rows for value in row]
        self._codes.append(np.array(codes, dtype=np.int32))
        self._offsets.append(start + np.cumsum([len(row) for row in rows], dtype=np.int64))

    def view(self, rows: int) -> Column:
        """The first `rows` rows."""
        offsets = self._offsets.view(rows + 1)
        return WordLists(offsets, self._codes.view(int(offsets[-1])), self._words)


GrowingColumn = GrowingNumbers | GrowingKeywords | GrowingKeywordLists


def build_growing_column(kind: FieldType) -> GrowingColumn:
    """An empty column for a field of this type."""
    match kind:
        case FieldType.KEYWORD:
            return GrowingKeywords()
        case FieldType.KEYWORDS:
            return GrowingKeywordLists()
    return GrowingNumbers(kind)

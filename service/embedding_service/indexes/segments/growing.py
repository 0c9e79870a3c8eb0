"""The segment that takes what is new. One thread appends; readers hold what was there before."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Changes
from embedding_service.indexes.filters.metadata import read_fields
from embedding_service.indexes.segments.bitmaps import Slots
from embedding_service.indexes.segments.buffers import Buffer, build_growing_column
from embedding_service.indexes.segments.segment import Segment
from embedding_service.vectors import Matrix

MOST_ROWS: Final = 20_000
MOST_BYTES: Final = 32 * 2**20
"""Of vectors. Within both bounds, searching all of it takes about a millisecond."""


class Growing:
    """Append-only."""

    def __init__(self, definition: Definition, most_rows: int = MOST_ROWS) -> None:
        self._definition = definition
        dimension = definition.dimension
        self._most = max(1, min(most_rows, MOST_BYTES // (4 * dimension)))
        self._keys = Buffer(np.int64)
        self._versions = Buffer(np.int64)
        self._ids: list[str] = []
        self._matrix = Buffer(np.float32, (dimension,), self._most)
        self._columns = {
            name: build_growing_column(kind) for name, kind in definition.fields.items()
        }
        self._radius = 0.0
        self._slots: dict[int, int] = {}

    @property
    def rows(self) -> int:
        """How many there are, live or not."""
        return self._keys.rows

    @property
    def room(self) -> int:
        """How many more fit."""
        return self._most - self.rows

    def append(self, changes: Changes, rows: NDArray[np.int64]) -> None:
        """Add some rows of `changes`, not more than there is room for."""
        matrix: Matrix = changes.matrix[rows]
        keys, start = changes.keys[rows], self.rows
        metadata = [changes.metadata[row] for row in rows.tolist()]
        fields = [read_fields(each, self._definition.fields) for each in metadata]
        longest = float(np.linalg.norm(matrix.astype(np.float64), axis=1).max(initial=0.0))
        self._radius = max(self._radius, longest)
        self._matrix.append(matrix)
        self._versions.append(changes.versions[rows])
        self._ids.extend(changes.ids[row] for row in rows.tolist())
        for name, column in self._columns.items():
            column.append([each[name] for each in fields])
        self._keys.append(keys)
        self._slots.update(zip(keys.tolist(), range(start, self.rows), strict=True))

    def find(self, keys: NDArray[np.int64]) -> Slots:
        """The newest slots of those keys that are here."""
        found = [slot for key in keys.tolist() if (slot := self._slots.get(key)) is not None]
        return np.array(found, dtype=np.int64)

    def view(self) -> Segment:
        """What is there now; what is appended later is not in it."""
        rows = self.rows
        return Segment(
            metric=self._definition.metric,
            keys=self._keys.view(rows),
            versions=self._versions.view(rows),
            ids=self._ids,
            matrix=self._matrix.view(rows),
            radius=self._radius,
            columns={name: column.view(rows) for name, column in self._columns.items()},
        )

"""Rows of one index side by side: what can be searched, growing or sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.segments.bitmaps import Slots
from embedding_service.indexes.segments.columns import Columns
from embedding_service.indexes.segments.kernels.exact import Rows
from embedding_service.indexes.segments.kernels.graphs import Graph, Reach
from embedding_service.indexes.segments.strings import Strings
from embedding_service.vectors import Matrix

_ESTIMATED_ID = 85
"""Bytes of a Python string of 36 characters, in a list."""


@dataclass(frozen=True, eq=False)
class Segment:
    """Columns of n entries, the same row in each; nobody writes to them any more."""

    metric: Metric
    keys: NDArray[np.int64]
    versions: NDArray[np.int64]
    ids: Sequence[str]
    matrix: Matrix
    """Shape (n, d); that of the graph where there is one; may be mapped from a file."""
    radius: float
    """No row is longer."""
    columns: Columns
    """One for each declared field."""
    graph: Graph | None = None
    reach: Reach | None = None
    """How far its graph is searched, as measured when it was built; None without one."""
    recall: float | None = None
    """recall@10 of its graph with that reach; None without one."""
    made_for: Blueprint | None = None
    """What its graph was to be; None without one, and where the program that built it knew the
    usual tuning alone."""

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def engine(self) -> Engine:
        """What it is searched by."""
        return Engine.FLAT if self.graph is None else self.graph.engine

    @property
    def searchable(self) -> Rows:
        """Its vectors, to be searched exactly."""
        return Rows(self.matrix, self.radius, self.metric.is_distance)

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        ids = self.ids.nbytes if isinstance(self.ids, Strings) else _ESTIMATED_ID * len(self)
        vectors = self.matrix.nbytes if self.graph is None else self.graph.nbytes
        columns = sum(column.nbytes for column in self.columns.values())
        return self.keys.nbytes + self.versions.nbytes + ids + vectors + columns


@dataclass(frozen=True, eq=False)
class Sealed(Segment):
    """A segment that is whole: no key twice, and rows found by their key."""

    files: Mapping[str, Digest] | None = None
    """What it was read from, by name; None of what was made in memory."""
    _sorted: NDArray[np.int64] = field(init=False, repr=False)
    _order: NDArray[np.int32] | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Raises ValueError when a key is there twice, or columns differ in length."""
        order = None
        ascending = self.keys
        if np.any(np.diff(self.keys) <= 0):
            order = np.argsort(self.keys, kind="stable").astype(np.int32)
            ascending = self.keys[order]
        if np.any(np.diff(ascending) == 0):
            raise ValueError("a key is in it twice")
        if {len(self.versions), len(self.ids), len(self.matrix)} != {len(self.keys)}:
            raise ValueError("columns are not of one length")
        object.__setattr__(self, "_sorted", ascending)
        object.__setattr__(self, "_order", order)

    def find(self, keys: NDArray[np.int64]) -> Slots:
        """The slot of each key, -1 where it is not here; same shape."""
        if not len(self):
            return np.full(len(keys), -1, dtype=np.int64)
        places = np.minimum(np.searchsorted(self._sorted, keys), len(self) - 1)
        slots = places if self._order is None else self._order[places]
        found: Slots = np.where(self._sorted[places] == keys, slots, -1).astype(np.int64)
        return found

    def with_graph(
        self,
        graph: Graph,
        reach: Reach | None = None,
        recall: float | None = None,
        made_for: Blueprint | None = None,
    ) -> "Sealed":
        """The same rows, searched by a graph that was built over their matrix and replaces it."""
        return replace(
            self,
            matrix=graph.matrix,
            graph=graph,
            reach=reach,
            recall=recall,
            made_for=made_for,
            files=None,
        )

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        extra = 0 if self._order is None else self._sorted.nbytes + self._order.nbytes
        return super().nbytes + extra

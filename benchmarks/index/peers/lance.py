"""LanceDB in process, its data in a folder."""

from collections.abc import Sequence
from pathlib import Path

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import IvfPq
from numpy.typing import NDArray

from benchmarks.index.scales import DIMENSION
from embedding_service.vectors import Matrix

_SCHEMA = pa.schema([("id", pa.string()), ("vector", pa.list_(pa.float32(), DIMENSION))])
_REFINE_FACTOR = 10
"""Rows rescored for each that is wanted: without any, its 8-bit codes find half."""


class Lance:
    """A Peer. An effort is the number of lists that are probed (`nprobes`)."""

    efforts: Sequence[float] = (1, 5, 10, 20, 50, 100)

    def __init__(self, folder: Path) -> None:
        self._table = lancedb.connect(folder).create_table("bench", schema=_SCHEMA)
        self._probed = 20

    def add(self, first: int, rows: Matrix) -> None:
        """See Peer."""
        ids = [str(number) for number in range(first, first + len(rows))]
        vectors = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), DIMENSION)
        self._table.add(pa.table({"id": ids, "vector": vectors}, schema=_SCHEMA))

    def build(self) -> None:
        """See Peer; the index that its manual recommends, with its own parameters."""
        self._table.optimize()  # each add has left a fragment
        self._table.create_index("vector", config=IvfPq(distance_type="cosine"))

    def prepare(self, effort: float) -> None:
        """See Peer."""
        self._probed = int(effort)

    def search(self, query: NDArray[np.float32], k: int) -> list[int]:
        """See Peer."""
        found = (
            self._table.search(query)
            .distance_type("cosine")
            .nprobes(self._probed)
            .refine_factor(_REFINE_FACTOR)
            .select(["id", "_distance"])
            .limit(k)
            .to_arrow()
        )
        return [int(each) for each in found["id"].to_pylist()]

    def close(self) -> None:
        """See Peer."""

"""Our catalogue over SQLite, without the server around it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry

from benchmarks.index.scales import DIMENSION
from embedding_service.environment import child_environment
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.query import Query
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota
from embedding_service.indexes.search.execution import Question, search
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.segments.kernels.graphs import Reach
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.telemetry.metrics import Metrics
from embedding_service.vectors import Matrix

DEFAULT: Final = 0.0
"""The effort that a search has when nobody chooses one, which is what the server does."""
_K_FACTORS: Final = (4, 8, 16, 32, 64, 128)
_SHARE: Final = 1 / 16
"""Of the lists that are probed; more of them find nothing more here."""


class Ours:
    """A Peer. Other efforts than the default are rows rescored for each that is wanted."""

    efforts: Sequence[float] = (DEFAULT,)

    def __init__(self, folder: Path, url: str = "") -> None:
        """`url` is of a database to use instead of a SQLite file in `folder`."""
        metrics = Metrics(CollectorRegistry()).indexes
        record = open_record(url or f"sqlite:///{folder / 'record.db'}", folder)
        self._catalogue = Catalogue(record, Quota(documents=0, size=0), metrics)
        self._catalogue.load()
        self._index = self._catalogue.create(Definition("", "bench", DIMENSION))
        self._workshop = Workshop(folder / "building", child_environment(), os.cpu_count() or 1)
        self._upkeep = Upkeep(self._workshop, metrics)
        self._effort = DEFAULT

    def add(self, first: int, rows: Matrix) -> None:
        """See Peer."""
        ids = [str(number) for number in range(first, first + len(rows))]
        nothing = [None] * len(rows)
        self._index.put(Puts(ids, nothing, nothing, rows))

    def build(self) -> None:
        """See Peer; here as in the server, what the size asks for."""
        while self._upkeep.look_after([self._index]):
            pass
        if any(segment.graph is not None for segment, _ in self._index.view.sealed):
            self.efforts = (DEFAULT, *_K_FACTORS)

    def prepare(self, effort: float) -> None:
        """See Peer."""
        self._effort = effort

    def search(self, query: NDArray[np.float32], k: int) -> list[int]:
        """See Peer."""
        matrix = query[np.newaxis]
        if self._effort == DEFAULT:
            found, _ = self._index.search(Query(matrix, k, wants_documents=False))
        else:
            reach = Reach(probed_share=_SHARE, k_factor=self._effort)
            question = Question(matrix, k, None, is_exact=False)
            found = search(0, self._index.view.sealed, question, Policy(reach))
        return [int(each) for each in found.queries[0].ids]

    def close(self) -> None:
        """See Peer."""
        self._upkeep.close()
        self._catalogue.close()

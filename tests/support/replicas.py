"""Processes on one database that share what they build, all of them in this one."""

from dataclasses import dataclass

from embedding_service.indexes.archive import Archive
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.digests import name_files
from embedding_service.indexes.index import Index
from embedding_service.indexes.query import Query
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.upkeep.upkeep import Upkeep
from house import Bench
from index_model import random_matrix

DIMENSION = 16


@dataclass
class Replica:
    """One process's share of an index."""

    record: Record
    archive: Archive
    index: Index
    bench: Bench
    upkeep: Upkeep
    now: float = 0.0

    def look(self) -> bool:
        """Follow the record, and do what is to be done next."""
        self.index.hear(self.index.standing())
        self.index.follow()
        view = self.index.view
        view._state = view._sealed(view.state)  # or 20,000 rows would be needed
        self.now += 3_600
        return self.upkeep.look_after([self.index])

    def settle(self) -> None:
        while self.look():
            pass

    @property
    def graphs(self) -> list[str]:
        """What it searches, by the names of their files."""
        return [name_files(each.files) for each, _ in self.index.view.sealed if each.files]

    @property
    def engines(self) -> list[Engine]:
        return [segment.engine for segment, _ in self.index.view.sealed]

    def answer(self) -> list[list[int]]:
        query = Query(random_matrix(20, DIMENSION, 7), top_k=10, wants_documents=False)
        found, _ = self.index.search(query)
        return [hits.keys.tolist() for hits in found.queries]

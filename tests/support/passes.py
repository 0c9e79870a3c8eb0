"""Queries that wait for passes over a real index in memory, each run when a test says so."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from embedding_service.indexes.query import Query
from embedding_service.indexes.search.found import Found
from embedding_service.retrieval.coalescing import Coalescer, Outcome
from index_model import random_matrix
from kept_index import DIMENSION, KeptIndex


@dataclass(eq=False)
class Searched:
    """A real index in memory that keeps what it was asked."""

    index: KeptIndex = field(default_factory=lambda: KeptIndex(rows=300))
    passes: list[Query] = field(default_factory=list)
    failure: Exception | None = None
    width: int = 1

    def search(self, query: Query) -> Outcome:
        self.passes.append(query)
        if self.failure is not None:
            raise self.failure
        return self.alone(query), {}

    def alone(self, query: Query) -> Found:
        return self.index.view.search(
            query.matrix, query.top_k, condition=query.filter, is_exact=query.is_exact
        )

    @property
    def sizes(self) -> list[int]:
        """Of the passes, in queries."""
        return [len(query.matrix) for query in self.passes]


class Line:
    """Runs calls when it is told to, in the order in which they came."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Callable[[], Outcome], asyncio.Future[Outcome]]] = []

    def run(self, call: Callable[[], Outcome]) -> asyncio.Future[Outcome]:
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self.waiting.append((call, future))
        return future

    async def end_one(self) -> None:
        call, future = self.waiting.pop(0)
        try:
            future.set_result(call())
        except Exception as error:  # noqa: BLE001
            future.set_exception(error)
        await settle()

    async def end_all(self) -> None:
        while self.waiting:
            await self.end_one()


def query(seed: int, rows: int = 1, top_k: int = 10, *, is_exact: bool = False) -> Query:
    return Query(random_matrix(rows, DIMENSION, seed), top_k, is_exact=is_exact)


def ask(coalescer: Coalescer, index: Searched, *queries: Query) -> list[asyncio.Task[Outcome]]:
    return [asyncio.create_task(coalescer.search(index, each)) for each in queries]


async def settle() -> None:
    """Let tasks and callbacks that are ready run."""
    for _ in range(5):
        await asyncio.sleep(0)


def same(found: Found, expected: Found) -> bool:
    return found.version == expected.version and [
        (hits.keys.tolist(), list(hits.ids), hits.scores.tolist()) for hits in found.queries
    ] == [(hits.keys.tolist(), list(hits.ids), hits.scores.tolist()) for hits in expected.queries]

"""Queries that come while others are searched go together, in one pass over the vectors.

A pass reads every vector once for all queries in it: 32 of them cost as much as 10 alone, measured
on 100,000 rows of 384 dimensions. Nobody waits for company: a query that comes to an idle index is
searched at once. A pass takes as many threads as are free and as there are segments: 32 queries in
one pass of two threads are answered sooner than in two passes of one.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Final, Protocol, TypeAlias

import numpy as np

from embedding_service.indexes.documents import Document
from embedding_service.indexes.filters.tree import Filter
from embedding_service.indexes.query import Query
from embedding_service.indexes.search.found import Found
from embedding_service.indexes.search.spread import Spread
from embedding_service.telemetry.waits import Waits

MOST_TOGETHER: Final = 64
"""Queries of one pass."""

Outcome: TypeAlias = tuple[Found, dict[int, Document]]


class Searchable(Protocol):
    """An index, as this file needs it."""

    @property
    def width(self) -> int:
        """In how many threads it can be searched at once."""

    def search(self, query: Query) -> Outcome:
        """Blocking; see Index."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Queries of one kind can go together."""

    index: Searchable
    filter: Filter | None
    is_exact: bool
    wants_documents: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    query: Query
    outcome: asyncio.Future[Outcome]
    since: float = field(default_factory=time.monotonic)


class Coalescer:
    """Bound to one event loop."""

    def __init__(
        self,
        run: Callable[[Callable[[], Outcome]], "asyncio.Future[Outcome]"],
        threads: int,
        spread: Spread = map,
        waits: Waits | None = None,
    ) -> None:
        """`run` starts a blocking call in a thread, which may `spread` its work over others.

        Passes take `threads` together; `waits` is told how long queries wait for theirs.
        """
        self._run = run
        self._free = threads
        self._spread = spread
        self._waits = waits or Waits()
        self._waiting: dict[_Kind, list[_Waiting]] = {}

    async def search(self, index: Searchable, query: Query) -> Outcome:
        """As `index.search`; the documents may be more than the query's own."""
        kind = _Kind(index, query.filter, query.is_exact, query.wants_documents)
        waiting = _Waiting(query, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(kind, []).append(waiting)
        self._start()
        return await waiting.outcome

    def _start(self) -> None:
        """Start passes while there are queries and threads; the kind that waits longest first."""
        while self._free and self._waiting:
            kind = next(iter(self._waiting))
            together = self._take(kind)
            if together:
                self._pass(kind.index, together)

    def _pass(self, index: Searchable, together: Sequence[_Waiting]) -> None:
        try:
            combined = _combine([waiting.query for waiting in together])
            width = min(self._free, max(1, index.width))
            if width > 1:
                combined = replace(combined, spread=self._spread)
            passing = self._run(partial(index.search, combined))
        except Exception as error:  # noqa: BLE001  no thread, no memory: nobody waits for ever
            for waiting in together:
                waiting.outcome.set_exception(error)
            return
        self._free -= width
        for waiting in together:
            self._waits.add(time.monotonic() - waiting.since)
        passing.add_done_callback(partial(self._end, together, width))

    def _take(self, kind: _Kind) -> list[_Waiting]:
        """The next queries of one kind whose callers are still there."""
        queue = self._waiting.pop(kind)
        taken: list[_Waiting] = []
        room = MOST_TOGETHER
        while queue and (not taken or len(queue[0].query.matrix) <= room):
            waiting = queue.pop(0)
            if not waiting.outcome.done():
                taken.append(waiting)
                room -= len(waiting.query.matrix)
        if queue:
            self._waiting[kind] = queue  # behind the other kinds
        return taken

    def _end(
        self, together: Sequence[_Waiting], width: int, passed: asyncio.Future[Outcome]
    ) -> None:
        self._free += width
        self._start()
        error = None if passed.cancelled() else passed.exception()
        for waiting, rows in zip(together, _slices(together), strict=True):
            if waiting.outcome.done():
                continue
            if passed.cancelled():
                waiting.outcome.cancel()
            elif error is not None:
                waiting.outcome.set_exception(error)
            else:
                found, documents = passed.result()
                waiting.outcome.set_result((_part(found, rows, waiting.query.top_k), documents))


def _combine(queries: Sequence[Query]) -> Query:
    if len(queries) == 1:
        return queries[0]
    matrix = np.concatenate([query.matrix for query in queries])
    return replace(queries[0], matrix=matrix, top_k=max(query.top_k for query in queries))


def _slices(together: Sequence[_Waiting]) -> list[slice]:
    slices, start = [], 0
    for waiting in together:
        slices.append(slice(start, start + len(waiting.query.matrix)))
        start = slices[-1].stop
    return slices


def _part(found: Found, rows: slice, top_k: int) -> Found:
    return replace(found, queries=[hits.first(top_k) for hits in found.queries[rows]])

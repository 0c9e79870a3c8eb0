"""Exact search over HTTP beside raw FAISS: the same queries, from as many threads."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

import faiss

from benchmarks.index.loads import Call, Timings, time_calls
from benchmarks.index.points import make_queries, make_rows
from benchmarks.index.scales import DIMENSION, K, Scale
from benchmarks.index.served.index import ServedIndex
from benchmarks.index.served.server import serving
from benchmarks.index.truth import compute_recall, find_nearest
from benchmarks.results import Result
from embedding_service.vectors import Matrix

_ROUNDS: Final = 3
"""Each way in turn, so that what else the machine does meets all of them."""
_MANY: Final = 32


def measure(scale: Scale, folder: Path) -> Result:
    """One query at a time, and 32."""
    rows, queries = make_rows(scale.rows, DIMENSION), make_queries(scale.queries, DIMENSION)
    result = Result()
    with serving(folder) as server:
        index = ServedIndex(server)
        index.create("flat")
        index.add(rows)
        index.settle()
        requests = [index.build_search(query) for query in queries]
        full = [index.build_search(query, include=["text", "metadata"]) for query in queries]
        ways = {
            "raw": make_raw(rows, queries),
            "served": index.make_caller(requests),
            "documents": index.make_caller(full),
        }
        found = index.find(requests)
        alone = _take_turns(ways, range(len(queries)), 1)
        del ways["documents"]
        together = _take_turns(ways, [*range(len(queries))] * 2, _MANY)
    result.figures["recall"] = compute_recall(found, find_nearest(rows, queries, K))
    for way, timings in alone.items():
        result.figures[f"{way}_p50_ms"] = timings.milliseconds(50)
        result.figures[f"{way}_p99_ms"] = timings.milliseconds(99)
    for way, timings in together.items():
        result.figures[f"{way}_per_second"] = timings.per_second
        result.figures[f"{way}_together_p99_ms"] = timings.milliseconds(99)
    return result


def make_raw(rows: Matrix, queries: Matrix) -> Callable[[], Call]:
    """FAISS's own exact search, one query a call, without threads of its own."""
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)

    def search(number: int) -> object:
        faiss.omp_set_num_threads(1)  # holds for the thread that says it
        return index.search(queries[number : number + 1], K)

    return lambda: search


def _take_turns(
    ways: Mapping[str, Callable[[], Call]], numbers: Sequence[int], threads: int
) -> dict[str, Timings]:
    timings = {way: Timings() for way in ways}
    for _ in range(_ROUNDS):
        for way, make in ways.items():
            timings[way].extend(time_calls(make, numbers, threads))
    return timings

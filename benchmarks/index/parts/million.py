"""A million ready vectors: imported, searched, filtered, and loaded again."""

import time
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import memory
from benchmarks.index.points import make_queries, make_rows
from benchmarks.index.scales import DIMENSION, K, Scale
from benchmarks.index.served.index import ServedIndex, count_unbuilt
from benchmarks.index.served.server import Server, serving, start, stop
from benchmarks.index.served.size import measure_size
from benchmarks.index.truth import compute_recall, find_nearest_of
from benchmarks.results import Result
from embedding_service.vectors import Matrix

_FIELD: Final = "share"
_SHARES: Final = 1_000
"""Values of the field that filters ask for: a range of them lets a known share pass."""
SELECTIVITIES: Final = (0.5, 0.1, 0.01, 0.001)
_AT_ONCE: Final = 2_048
_FILTERED_QUERIES: Final = 100


def measure(scale: Scale, folder: Path) -> Result:
    """One server imports and answers; another starts over what it has left."""
    rows, queries = make_rows(scale.most_rows, DIMENSION), make_queries(scale.queries, DIMENSION)
    result = Result()
    with serving(folder) as server:
        result.figures["empty_bytes"] = memory.measure(server.process.pid)
        index = ServedIndex(server)
        index.create(fields={_FIELD: "int"})
        _import(result, server, index, rows)
        point = measure_size(server, index, rows, queries)
        result.curves["sizes"] = [point]
        result.figures |= {"recall": point[1], "p50_ms": point[2], "p95_ms": point[3]}
        _filter(result, index, rows, queries[:_FILTERED_QUERIES])
        version = index.describe().version
        began = time.perf_counter()
        index.run_job("snapshots")
        result.figures["snapshot_seconds"] = time.perf_counter() - began
    elsewhere = (folder / "no-snapshots").as_uri()
    _start_again(result, "record", folder, (queries[0], version), SNAPSHOT_URL=elsewhere)
    _start_again(result, "snapshot", folder, (queries[0], version))
    return result


def _import(result: Result, server: Server, index: ServedIndex, rows: Matrix) -> None:
    began, refused = time.perf_counter(), 0.0
    with memory.watching(server.process.pid) as peak:
        for first in range(0, len(rows), _AT_ONCE):
            some = rows[first : first + _AT_ONCE]
            numbers = range(first, first + len(some))
            metadata = [{_FIELD: number % _SHARES} for number in numbers]
            refused += index.send_patiently(index.build_add(first, some, metadata))
        result.figures["import_seconds"] = time.perf_counter() - began
        result.figures["refused_seconds"] = refused
        settled = index.settle()
    result.figures["settled_seconds"] = time.perf_counter() - began
    result.figures["peak_bytes"] = peak.bytes
    result.figures["final_bytes"] = memory.measure(server.process.pid)
    result.figures["told_bytes"] = settled.memory
    result.figures["estimated_bytes"] = settled.estimate
    result.figures["unbuilt"] = count_unbuilt(settled)
    told = (f"{engine} of {live:,}" for engine, live in settled.segments)
    result.notes["segments"] = ", ".join(told)


def _filter(result: Result, index: ServedIndex, rows: Matrix, queries: Matrix) -> None:
    """Recall, hits and time under filters; the rows that pass are every so-manieth."""
    shares = np.arange(len(rows)) % _SHARES
    for selectivity in SELECTIVITIES:
        bound = round(_SHARES * selectivity)
        allowed = np.flatnonzero(shares < bound).astype(np.int64)
        condition = {_FIELD: {"lt": bound}}
        requests = [index.build_search(query, filter=condition) for query in queries]
        began = time.perf_counter()
        found = index.find(requests)
        elapsed = time.perf_counter() - began
        nearest = find_nearest_of(rows, queries, K, allowed)
        name = f"filter_{selectivity:g}"
        result.figures[f"{name}_recall"] = compute_recall(found, nearest)
        result.figures[f"{name}_fewest"] = min(map(len, found)) / nearest.shape[1]
        result.figures[f"{name}_ms"] = elapsed / len(queries) * 1000


def _start_again(
    result: Result,
    source: str,
    folder: Path,
    wanted: tuple[NDArray[np.float32], int],
    **settings: str,
) -> None:
    """From the program's start to an answer to a query at the version of the last write."""
    query, version = wanted
    began = time.perf_counter()
    server = start(folder, **settings)
    try:
        server.wait_until_ready()
        index = ServedIndex(server)
        found = index.find([index.build_search(query, min_version=version)])
        result.figures[f"start_from_{source}_seconds"] = time.perf_counter() - began
    finally:
        stop(server)
    if len(found[0]) != K:
        raise RuntimeError(f"started from the {source}, a search finds {len(found[0])} rows")

"""Latency, recall and memory as an index grows."""

from pathlib import Path

from benchmarks.index.points import make_queries, make_rows
from benchmarks.index.scales import DIMENSION, Scale
from benchmarks.index.served.index import ServedIndex
from benchmarks.index.served.server import serving
from benchmarks.index.served.size import measure_size
from benchmarks.results import Result


def measure(scale: Scale, folder: Path) -> Result:
    """At each size, when its segments are as they stay.

    The curve `sizes` has points as `measure_size` gives them.
    """
    rows = make_rows(max(scale.growth), DIMENSION)
    queries = make_queries(scale.queries, DIMENSION)
    result, done = Result(), 0
    with serving(folder) as server:
        index = ServedIndex(server)
        index.create()
        for size in scale.growth:
            index.add(rows[done:size], done)
            done = size
            index.settle()
            point = measure_size(server, index, rows[:size], queries)
            result.curves.setdefault("sizes", []).append(point)
    return result

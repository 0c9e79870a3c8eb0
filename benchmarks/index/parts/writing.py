"""Searches while the index changes: 1,000 rows added a second, and segments compacted."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.index.loads import Timings, calling
from benchmarks.index.points import make_queries, make_rows
from benchmarks.index.scales import DIMENSION, Scale
from benchmarks.index.served.index import Description, ServedIndex
from benchmarks.index.served.server import serving
from benchmarks.results import Result

_RATE: Final = 1_000
"""Rows added in a second."""
_AT_ONCE: Final = 50
_REMOVED: Final = 10
"""Every so-manieth row is removed before a compaction: enough to do, and too little for one to
come of itself."""
_REMOVED_AT_ONCE: Final = 5_000


def measure(scale: Scale, folder: Path) -> Result:
    """p50 and p99 of one search after the other: idle, while adding, while compacting."""
    more = round(scale.seconds * _RATE)
    rows = make_rows(scale.rows + more, DIMENSION)
    with serving(folder) as server:
        index = ServedIndex(server)
        index.create()
        index.add(rows[: scale.rows])
        before = index.settle()
        requests = [index.build_search(one) for one in make_queries(scale.queries, DIMENSION)]
        call = index.make_caller(requests)()
        adds = [
            index.build_add(first, rows[first : first + _AT_ONCE])
            for first in range(scale.rows, len(rows), _AT_ONCE)
        ]
        with calling(call, len(requests)) as idle:
            time.sleep(scale.seconds)
        with calling(call, len(requests)) as adding:
            rate = _add_at_rate(index, adds)
        _remove(index, scale.rows)
        index.settle()
        began = time.perf_counter()
        with calling(call, len(requests)) as compacting:
            index.run_job("compact")
            seconds = time.perf_counter() - began
        after = index.settle()
    result = Result()
    result.figures |= {"added_per_second": rate, "compacting_seconds": seconds}
    for name, timings in (("idle", idle), ("adding", adding), ("compacting", compacting)):
        _tell(result, name, timings)
    result.notes["segments before"] = _describe(before)
    result.notes["segments after"] = _describe(after)
    return result


def _add_at_rate(index: ServedIndex, adds: Sequence[bytes]) -> float:
    """Send each when its time has come; rows added in a second."""
    began = time.perf_counter()
    for place, request in enumerate(adds):
        due = began + place * _AT_ONCE / _RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        index.send(request)
    elapsed = time.perf_counter() - began
    return len(adds) * _AT_ONCE / max(elapsed, len(adds) * _AT_ONCE / _RATE)


def _remove(index: ServedIndex, rows: int) -> None:
    numbers = range(0, rows, _REMOVED)
    for start in range(0, len(numbers), _REMOVED_AT_ONCE):
        index.send(index.build_removal(numbers[start : start + _REMOVED_AT_ONCE]))


def _tell(result: Result, name: str, timings: Timings) -> None:
    result.figures[f"{name}_p50_ms"] = timings.milliseconds(50)
    result.figures[f"{name}_p99_ms"] = timings.milliseconds(99)
    result.figures[f"{name}_searches"] = len(timings.seconds)


def _describe(description: Description) -> str:
    return ", ".join(f"{engine} of {rows:,}" for engine, rows in description.segments)

"""What the operator takes and does while a block runs."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, TypeAlias

from benchmarks.operator.stage.audit import Request, count_most
from benchmarks.operator.stage.process import Metrics, OperatorProcess
from benchmarks.operator.stage.stage import Stage

Count: TypeAlias = Callable[[str, str], float]
"""By how much a metric has grown, by name and labels."""
_EVERY: Final = 1.0
"""Seconds between two looks at time and memory."""
_BUSIEST: Final = 10
"""Looks within which it is told how busy it was at most."""
_MIB: Final = 2**20
_BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of the histogram, in seconds."""


@dataclass(slots=True)
class Meter:
    """Filled when its block has ended."""

    looks: list[tuple[float, float, int]] = field(default_factory=list)
    """Clock in seconds, seconds of CPU, resident bytes."""
    figures: dict[str, float] = field(default_factory=dict)


@asynccontextmanager
async def metering(stage: Stage, operator: OperatorProcess, mark: int) -> AsyncIterator[Meter]:
    """The requests that are counted are those since `mark`, a place in the audit log."""
    meter = Meter()
    before = await operator.scrape()
    look(meter, operator)
    looking = asyncio.create_task(_keep_looking(meter, operator))
    try:
        yield meter
    finally:
        looking.cancel()
        await asyncio.wait([looking])
    look(meter, operator)
    after = await operator.scrape()
    seconds = meter.looks[-1][0] - meter.looks[0][0]
    meter.figures.update(
        _tell_process(meter.looks, operator)
        | _tell_requests(stage.of_operator(mark), seconds)
        | _tell_passes(before, after)
    )


def look(meter: Meter, operator: OperatorProcess) -> None:
    """Note time and memory."""
    meter.looks.append((time.monotonic(), operator.cpu, operator.memory))


async def _keep_looking(meter: Meter, operator: OperatorProcess) -> None:
    while True:
        await asyncio.sleep(_EVERY)
        look(meter, operator)


def _tell_process(
    looks: Sequence[tuple[float, float, int]], operator: OperatorProcess
) -> dict[str, float]:
    """Seconds of CPU, of one core; MiB."""
    (began, cpu, _), (ended, last, memory) = looks[0], looks[-1]
    return {
        "measured_seconds": ended - began,
        "cpu_seconds": last - cpu,
        "cpu_seconds_per_minute": 60 * (last - cpu) / (ended - began),
        "busiest_share_of_a_core": find_busiest(looks),
        "memory_mib": memory / _MIB,
        "peak_memory_mib": operator.peak / _MIB,
    }


def find_busiest(looks: Sequence[tuple[float, float, int]]) -> float:
    """The largest share of one core within `_BUSIEST` looks, 0 to 1."""
    pairs = zip(looks, looks[_BUSIEST:], strict=False) if len(looks) > _BUSIEST else pairwise(looks)
    return max((b[1] - a[1]) / (b[0] - a[0]) for a, b in pairs if b[0] > a[0])


def _tell_requests(requests: Sequence[Request], seconds: float) -> dict[str, float]:
    told = {
        "requests": float(len(requests)),
        "requests_per_second": len(requests) / seconds,
        "most_requests_in_a_second": float(count_most(requests)),
        "most_requests_in_10_seconds": float(count_most(requests, 10.0)),
        "writes": float(sum(each.is_write for each in requests)),
    }
    for verb in sorted({each.verb for each in requests}):
        told[f"requests_{verb}"] = float(sum(each.verb == verb for each in requests))
    return told


def _tell_passes(before: Metrics, after: Metrics) -> dict[str, float]:
    def count(name: str, labels: str = "") -> float:
        name = f"embedding_operator_{name}"
        return after.sum(name, labels) - before.sum(name, labels)

    passes = count("reconcile_seconds_count")
    told = {
        "passes": passes,
        "passes_not_successful": passes - count("reconcile_total", 'result="success"'),
        "watch_events": count("watch_events_total"),
    }
    if passes:
        told["pass_mean_ms"] = 1000 * count("reconcile_seconds_sum") / passes
        told["pass_p95_at_most_ms"] = next(_bound_p95(count, passes)) * 1000
    return told


def _bound_p95(count: Count, passes: float) -> Iterator[float]:
    """Upper bounds of the buckets by which 95 of 100 passes are told, and infinity."""
    for bound in _BUCKETS:
        if count("reconcile_seconds_bucket", f'le="{bound}"') >= 0.95 * passes:
            yield bound
    yield float("inf")

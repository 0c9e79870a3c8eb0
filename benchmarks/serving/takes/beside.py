"""Few interactive texts beside batches that take all there is."""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from benchmarks.serving.loads import BATCHES, SINGLE
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive, Run
from benchmarks.serving.stage.sample import Sample, summarise
from benchmarks.serving.stage.stage import Stage

RATE: Final = 5.0
"""Short texts in a second, begun whether or not those before have been answered."""
BULK_CONNECTIONS: Final = 2
"""So that one batch waits while another is embedded."""
_AHEAD: Final = 1.0
"""Seconds by which the batches come before the first text and go on after the last one."""
COLUMNS: Final = (
    *("alone_p50_ms", "alone_p95_ms", "alone_p99_ms"),
    *("beside_p50_ms", "beside_p95_ms", "beside_p99_ms"),
    *("bulk_alone_per_second", "bulk_beside_per_second", "errors"),
)


def take(stage: Stage, scale: Scale, _number: int) -> Mapping[str, Sequence[float]]:
    """A point of COLUMNS: first the texts alone, then the batches alone, then both."""
    seconds = scale.beside_seconds
    texts = Drive(stage.bodies[SINGLE], seconds, connections=1, rate=RATE)
    batches = Drive(stage.bodies[BATCHES], seconds + 2 * _AHEAD, BULK_CONNECTIONS)
    alone = _read(stage, stage.ours.drive(texts))
    bulk_alone = _read(stage, stage.ours.drive(batches))
    with ThreadPoolExecutor(1) as pool:
        bulk = pool.submit(stage.ours.drive, batches)
        time.sleep(_AHEAD)
        beside = _read(stage, stage.ours.drive(texts))
        bulk_beside = _read(stage, bulk.result())
    errors = alone.errors + bulk_alone.errors + beside.errors + bulk_beside.errors
    point = [
        *(alone.p50_ms, alone.p95_ms, alone.p99_ms),
        *(beside.p50_ms, beside.p95_ms, beside.p99_ms),
        *(bulk_alone.texts_per_second, bulk_beside.texts_per_second, errors),
    ]
    print(f"    p95 {alone.p95_ms:.0f} ms alone, {beside.p95_ms:.0f} beside batches", flush=True)
    return {"beside": point}


def _read(stage: Stage, run: Run) -> Sample:
    return summarise(run, stage.shape, cpu=0.0, memory=0.0)

"""Whether a server that has more work than it can do says in time that it is alive."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np

from benchmarks.serving.loads import MIXED
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.stage import Stage

CONNECTIONS: Final = 64
_RATE: Final = 20.0
_MORE: Final = 1.0
"""Seconds by which the load goes on after the last look."""
COLUMNS: Final = ("p50_ms", "p99_ms", "longest_ms", "looks", "errors")


def take(stage: Stage, scale: Scale, _number: int) -> Mapping[str, Sequence[float]]:
    """A point of COLUMNS for /livez."""
    seconds = scale.saturated_seconds
    with ThreadPoolExecutor(1) as pool:
        drive = Drive(stage.bodies[MIXED], seconds + _MORE, CONNECTIONS)
        load = pool.submit(stage.ours.drive, drive)
        calls = stage.ours.look("/livez", seconds, _RATE)
        load.result()
    milliseconds = np.array(calls.seconds) * 1e3
    p50, p99 = np.percentile(milliseconds, [50, 99])
    errors = sum(status != 200 for status in calls.statuses)
    print(f"    /livez p99 {p99:.1f} ms under saturation", flush=True)
    return {"livez": [float(p50), float(p99), float(milliseconds.max()), len(milliseconds), errors]}

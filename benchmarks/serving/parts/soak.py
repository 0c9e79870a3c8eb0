"""Minutes at 80 % of what the server can do: does memory grow, does it become slower?"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Final

import numpy as np

from benchmarks.results import Result
from benchmarks.serving.generator.order import Calls
from benchmarks.serving.loads import MIXED, make_bodies
from benchmarks.serving.models import find_minilm
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import plan_ours
from benchmarks.serving.stage.server import Server, serving
from benchmarks.serving.stage.usage import measure_memory

SHARE: Final = 0.8
_TEXTS: Final = 4_096
COLUMNS: Final = ("minute", "texts_per_second", "p50_ms", "p99_ms", "memory_mib", "failed")


def measure(scale: Scale, folder: Path) -> Result:
    """The curve `minutes` of COLUMNS."""
    model = find_minilm()
    bodies = make_bodies(model, MIXED.texts, _TEXTS)
    with serving(plan_ours(model), folder) as server, ThreadPoolExecutor(1) as pool:
        server.drive(Drive(bodies, scale.seconds, MIXED.connections))
        calls = server.drive(Drive(bodies, 3 * scale.seconds, MIXED.connections)).calls
        capacity = calls.statuses.count(200) / calls.elapsed
        is_over = Event()
        memory = pool.submit(_watch, server, scale, is_over)
        seconds = scale.soak_minutes * scale.minute
        calls = server.drive(Drive(bodies, seconds, rate=SHARE * capacity)).calls
        is_over.set()
        points = summarise(calls, scale.minute, memory.result())
    return Result({"capacity_per_second": capacity}, {"minutes": points})


def _watch(server: Server, scale: Scale, is_over: Event) -> list[float]:
    """MiB at the end of each minute."""
    seen: list[float] = []
    while len(seen) < scale.soak_minutes and not is_over.wait(scale.minute):
        seen.append(measure_memory(server.pid))
    return seen


def summarise(calls: Calls, minute: float, memory: Sequence[float]) -> list[list[float]]:
    """A point of COLUMNS for each minute of which memory is known, by when requests were due."""
    numbers = (np.array(calls.started) // minute).astype(int)
    seconds, is_good = np.array(calls.seconds), np.array(calls.statuses) == 200
    points = []
    for number, mib in enumerate(memory):
        good = seconds[(numbers == number) & is_good] * 1e3
        p50, p99 = np.percentile(good, [50, 99]) if len(good) else (0.0, 0.0)
        failed = int(((numbers == number) & ~is_good).sum())
        points.append([number + 1, len(good) / minute, float(p50), float(p99), mib, failed])
    return points

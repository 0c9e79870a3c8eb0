"""Requests that come whatever the server can do: half of it, most of it, and more than it."""

from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.results import Result
from benchmarks.serving.generator.order import Calls
from benchmarks.serving.loads import MIXED, make_bodies
from benchmarks.serving.models import find_minilm
from benchmarks.serving.scales import Scale
from benchmarks.serving.stage.drive import Drive
from benchmarks.serving.stage.peers import plan_ours
from benchmarks.serving.stage.server import serving

MAX_WAIT: Final = 2.0
"""Seconds a request may have to wait as the server predicts it; its own default is longer than any
backlog of this measurement."""
SHARES: Final = (0.5, 0.8, 1.2)
_TEXTS: Final = 2_048
_SETTLING: Final = 1 / 3
"""Share of the time in which a backlog builds up, and which does not count."""
COLUMNS: Final = (
    *("share", "offered_per_second", "goodput_per_second", "p50_ms", "p99_ms"),
    *("refused_share", "failed", "late_ms"),
)


def measure(scale: Scale, folder: Path) -> Result:
    """The curve `offered` of COLUMNS; capacity is what a closed loop gets."""
    model = find_minilm()
    bodies = make_bodies(model, MIXED.texts, _TEXTS)
    result = Result(figures={"max_wait_ms": MAX_WAIT * 1e3})
    with serving(plan_ours(model, MAX_WAIT=str(MAX_WAIT)), folder) as server:
        server.drive(Drive(bodies, scale.seconds, MIXED.connections))
        calls = server.drive(Drive(bodies, 3 * scale.seconds, MIXED.connections)).calls
        capacity = calls.statuses.count(200) / calls.elapsed
        result.figures["capacity_per_second"] = capacity
        for share in SHARES:
            drive = Drive(bodies, scale.offered_seconds, rate=share * capacity)
            point = summarise(server.drive(drive).calls, share, drive)
            print(f"    {share:.0%}: {point[2]:.1f} of {capacity:.1f} texts/s", flush=True)
            result.curves.setdefault("offered", []).append(point)
    return result


def summarise(calls: Calls, share: float, drive: Drive) -> list[float]:
    """A point of COLUMNS; of the time after the backlog has built up, while requests still come."""
    begin, end = _SETTLING * drive.seconds, drive.seconds
    started, seconds = np.array(calls.started), np.array(calls.seconds)
    statuses, ended = np.array(calls.statuses), np.array(calls.started) + np.array(calls.seconds)
    is_good, came = statuses == 200, started >= begin
    in_time = is_good & (ended >= begin) & (ended < end)
    accepted = seconds[is_good & came] * 1e3
    p50, p99 = np.percentile(accepted, [50, 99]) if len(accepted) else (0.0, 0.0)
    return [
        share,
        drive.rate,
        float(in_time.sum()) / (end - begin),
        float(p50),
        float(p99),
        float((statuses[came] == 429).sum()) / max(int(came.sum()), 1),
        float((~is_good & (statuses != 429)).sum()),
        calls.late * 1e3,
    ]

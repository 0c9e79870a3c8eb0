"""Specs that are changed and indexes that are made, one after the other, while all are there."""

import asyncio
import random
from collections.abc import Sequence
from functools import partial

import numpy as np

from benchmarks.operator.parts.meter import metering
from benchmarks.operator.parts.waiting import until_quiet, until_ready
from benchmarks.operator.scales import Scale
from benchmarks.operator.stage.audit import time_reactions
from benchmarks.operator.stage.process import OperatorProcess
from benchmarks.operator.stage.stage import Stage
from benchmarks.results import Result


async def measure(stage: Stage, scale: Scale, operator: OperatorProcess) -> Result:
    """From each write of a spec to the first write of a child of it, by the audit log."""
    order = random.Random(0)  # noqa: S311  no secret
    changed = order.sample(range(scale.indexes), scale.changed)
    orders = [
        *(partial(stage.people.change, number) for number in changed),
        *(partial(stage.people.add, scale.indexes + number) for number in range(scale.added)),
    ]
    order.shuffle(orders)
    mark = stage.mark()
    async with metering(stage, operator, mark) as meter:
        for write in orders:
            await write()
            await asyncio.sleep(order.uniform(0.5, 1.5) / scale.pace)
        await until_ready(operator, scale.indexes + scale.added, 300.0)
    await until_quiet(stage)
    result = Result(meter.figures)
    times = list(time_reactions(stage.requests(mark)))
    for name, is_made in (("change", False), ("addition", True)):
        tell(result, name, [seconds for made, seconds in times if made is is_made])
    tell(result, "write", [seconds for _, seconds in times])
    return result


def tell(result: Result, name: str, times: Sequence[float | None]) -> None:
    """Percentiles in seconds; what was never acted on counts as infinitely late."""
    told = [float("inf") if each is None else each for each in times]
    result.figures[f"{name}s"] = len(told)
    for percent in (50, 95, 99):
        # No value between two that were measured: infinity has none.
        value = np.percentile(told, percent, method="higher")
        result.figures[f"{name}_p{percent}_seconds"] = float(value)

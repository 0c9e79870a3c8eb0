"""From nothing to all indexes, with one operator that runs from the beginning."""

import time
from typing import Final

from benchmarks.operator.parts.meter import metering
from benchmarks.operator.parts.waiting import until_quiet, until_ready
from benchmarks.operator.scales import Scale
from benchmarks.operator.stage.process import OperatorProcess
from benchmarks.operator.stage.stage import Stage
from benchmarks.results import Result

_LONGEST: Final = 900.0
"""Seconds."""


async def measure(stage: Stage, scale: Scale, operator: OperatorProcess) -> Result:
    """Until every index is ready; pods are ready as soon as they are asked for."""
    result = Result({"empty_memory_mib": operator.memory / 2**20})
    mark, began = stage.mark(), time.monotonic()
    async with metering(stage, operator, mark) as meter:
        await stage.people.add_all(range(scale.indexes))
        result.figures["written_seconds"] = time.monotonic() - began
        await until_ready(operator, scale.indexes, _LONGEST)
        result.figures["ready_seconds"] = time.monotonic() - began
    result.figures |= meter.figures
    result.figures["requests_of_an_index"] = meter.figures["requests"] / scale.indexes
    await until_quiet(stage)
    return result

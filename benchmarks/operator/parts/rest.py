"""All indexes are there, and nothing changes."""

import asyncio
from typing import Final

from benchmarks.operator.parts.meter import metering
from benchmarks.operator.scales import Scale
from benchmarks.operator.stage.process import OperatorProcess
from benchmarks.operator.stage.stage import Stage
from benchmarks.results import Result

_SCRAPE: Final = 30.0
"""Seconds between two scrapes, as Prometheus' operator has them by default."""


async def measure(stage: Stage, scale: Scale, operator: OperatorProcess) -> Result:
    """For some minutes, in each of which every index gets a pass."""
    async with metering(stage, operator, stage.mark()) as meter:
        for _ in range(round(scale.rest_seconds / _SCRAPE)):
            await asyncio.sleep(_SCRAPE)
            await operator.scrape()
    return Result(meter.figures)

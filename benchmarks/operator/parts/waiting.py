"""Waiting for what the operator comes to."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

from benchmarks.operator.stage.process import Metrics, OperatorProcess
from benchmarks.operator.stage.stage import Stage

_QUIET: Final = 15.0
"""Seconds without a write after which it counts as being at rest."""


async def until(
    is_so: Callable[[], Awaitable[bool]], seconds: float, what: str, pause: float
) -> None:
    """Ask again and again; raise TimeoutError after `seconds`."""
    deadline = time.monotonic() + seconds
    while not await is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(pause)


async def until_ready(operator: OperatorProcess, indexes: int, seconds: float) -> None:
    """Until it tells that all are ready and none is changing. Asked seldom: the answer is long."""

    async def are_ready() -> bool:
        metrics = await operator.scrape()
        return (
            _count(metrics, "Ready") == indexes
            and _count(metrics, "Progressing") == 0
            and metrics.sum("embedding_operator_queue_depth") == 0
        )

    await until(are_ready, seconds, f"{indexes} indexes are ready", pause=3.0)


async def until_quiet(stage: Stage) -> None:
    """Until it has written nothing for a while."""

    async def is_quiet() -> bool:
        mark = stage.mark()
        await asyncio.sleep(_QUIET)
        return not any(each.is_write for each in stage.of_operator(mark))

    await until(is_quiet, 300.0, "the operator is at rest", pause=0.0)


def _count(metrics: Metrics, condition: str) -> float:
    return metrics.sum("embedding_index_condition", f'type="{condition}"')

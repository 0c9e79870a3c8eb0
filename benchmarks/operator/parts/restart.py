"""An operator begins where another has ended: all is as it should be, but it cannot know."""

import time

from benchmarks.operator.parts.meter import metering
from benchmarks.operator.parts.waiting import until
from benchmarks.operator.scales import Scale
from benchmarks.operator.stage.process import OperatorProcess
from benchmarks.operator.stage.stage import Stage
from benchmarks.results import Result


async def measure(
    stage: Stage, scale: Scale, operator: OperatorProcess, mark: int, began: float
) -> Result:
    """Until every index has had a pass.

    `mark` is the place in the audit log at which the process was started, `began` the clock then.
    """
    result = Result({"answers_seconds": time.monotonic() - began})
    most = 0.0

    async def is_done() -> bool:
        nonlocal most
        metrics = await operator.scrape()
        most = max(most, metrics.sum("embedding_operator_active_passes"))
        return (
            metrics.sum("embedding_operator_reconcile_seconds_count") >= scale.indexes
            and metrics.sum("embedding_operator_queue_depth") == 0
        )

    async with metering(stage, operator, mark) as meter:
        await until(is_done, 300.0, "every index has had a pass", pause=0.5)
        result.figures["resync_seconds"] = time.monotonic() - began
    result.figures |= meter.figures | {"most_passes_at_once": most}
    # Of the whole life of the process, which began before it was metered.
    result.figures["cpu_seconds"] = operator.cpu
    return result

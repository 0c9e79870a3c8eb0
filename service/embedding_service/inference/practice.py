"""Forwards of made-up texts while nobody waits, from which a model's budget is measured."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from embedding_service.inference.admission import Rate
from embedding_service.inference.budget import BudgetGuard
from embedding_service.inference.calibration import Calibration, find_knee
from embedding_service.inference.delivery import Delivery
from embedding_service.inference.outcomes import Failure
from embedding_service.inference.workers.link import WorkerLink, WorkerLost
from embedding_service.inference.workers.wire import Status


@dataclass(frozen=True, slots=True)
class Practice:
    """What a crew does with a worker that has nothing else to do, until the budget is known."""

    calibration: Calibration
    budget: BudgetGuard
    rate: Rate
    delivery: Delivery
    timeout: float
    """Seconds after which a forward counts as hung."""

    @property
    def has_more(self) -> bool:
        """Whether there is a forward to run now."""
        return self.calibration.has_more

    async def run_next(self, link: WorkerLink) -> Failure | None:
        """Have one made-up batch embedded; tells if that cost the worker.

        Whatever goes wrong ends the practice, so that it is no worker's end twice.
        """
        batch, started = self.calibration.take(), monotonic()
        try:
            async with asyncio.timeout(self.timeout):
                reply = await link.run(batch)
        except (WorkerLost, TimeoutError) as error:
            self.calibration.give_up()
            return Failure.HANG if isinstance(error, TimeoutError) else Failure.CRASH
        # The way there and back counts as well: it is what a batch more costs.
        seconds, tokens = monotonic() - started, len(batch.ids)
        if reply.status is Status.DONE:
            self.rate.observe(tokens, seconds, tokens / self.budget.current.tokens)
            self.calibration.observe(seconds)
        else:
            self.calibration.give_up()
        if self.calibration.is_over:
            self._adopt()
        return None

    def _adopt(self) -> None:
        knee = find_knee(self.calibration.rates)
        if knee is not None:
            self.budget.calibrate(knee)
            self.delivery.tell_calibrated(knee, self.calibration.rates)

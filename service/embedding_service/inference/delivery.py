"""Hands rows to the requests that wait for them, and failures to those they belong to."""

from collections.abc import Mapping
from functools import partial
from time import monotonic

import structlog

from embedding_service.errors import NonFiniteOutput, ServiceError, Unavailable
from embedding_service.inference.batching import Batch, Budget
from embedding_service.inference.outcomes import Failure, decide
from embedding_service.inference.queueing import Queue
from embedding_service.inference.requests import TrafficClass
from embedding_service.telemetry.metrics import Metrics
from embedding_service.vectors import Matrix, is_finite_by_row

_log = structlog.get_logger(__name__)


class Delivery:
    """What happens to a batch around its forward, for one model."""

    def __init__(self, model: str, queue: Queue, metrics: Metrics) -> None:
        self._model = model
        self._queue = queue
        self._failures = metrics.failures
        self._gauges = (metrics.queue_texts, metrics.queue_tokens)
        for traffic in TrafficClass:
            labels = {"model": model, "traffic": traffic.value}
            metrics.queue_texts.labels(**labels).set_function(partial(queue.texts_of, traffic))
            metrics.queue_tokens.labels(**labels).set_function(partial(queue.tokens_of, traffic))
        self._texts = metrics.batch_texts.labels(model=model)
        self._tokens = metrics.batch_tokens.labels(model=model)
        self._fill = metrics.batch_fill.labels(model=model)
        self._budget = metrics.batch_budget.labels(model=model)
        self._knee = metrics.batch_knee.labels(model=model)

    def tell_calibrated(self, tokens: int, rates: Mapping[int, float]) -> None:
        """The budget has been measured: the least tokens of a forward that is nearly the fastest.

        `rates` are tokens a second by tokens of a forward.
        """
        self._knee.set(tokens)
        self._budget.set(tokens)
        told = {size: round(rate) for size, rate in sorted(rates.items())}
        _log.info("batch budget measured", model=self._model, tokens=tokens, rates=told)

    def start(self, batch: Batch, budget: Budget) -> None:
        """A forward of `batch` begins."""
        now = monotonic()
        for entry in batch.entries:
            entry.start(now)
        self._texts.observe(len(batch.entries))
        self._tokens.observe(batch.tokens)
        self._fill.observe(min(1.0, batch.tokens / budget.tokens))
        self._budget.set(budget.tokens)

    def deliver(self, batch: Batch, matrix: Matrix) -> None:
        """The forward is done: a row for each entry, unless it is no vector."""
        if len(matrix) != len(batch.entries):
            raise AssertionError(
                "this is a bug: a worker answered another number of rows than asked"
            )
        finite = is_finite_by_row(matrix)
        if not finite.all():
            self._failures.labels(model=self._model, kind="non_finite").inc()
            self._queue.note_dead()
        for entry, row, is_finite in zip(batch.entries, matrix, finite.tolist(), strict=True):
            if is_finite:
                entry.deliver(row)
            else:
                entry.fail(_tell_non_finite)

    def fail(self, batch: Batch, failure: Failure, message: str) -> None:
        """The forward failed: try again what may succeed, and fail what cannot."""
        self._failures.labels(model=self._model, kind=failure.value).inc()
        _log.warning(
            "forward failed",
            model=self._model,
            kind=failure.value,
            texts=len(batch.entries),
            tokens=batch.tokens,
            reason=message,
        )
        consequence = decide(batch, failure, message)
        self._queue.try_again(consequence.again)
        if consequence.failed is not None:
            entry, explain = consequence.failed
            entry.fail(explain)
            self._queue.note_dead()

    def give_up(self, batch: Batch) -> None:
        """Fail what a fault of this program has cost."""
        for entry in batch.entries:
            entry.fail(lambda _: ServiceError("an internal error; see the log"))
        self._queue.note_dead()

    def abandon(self, message: str, retry_after: float) -> None:
        """Fail all that waits, for now."""
        for entry in self._queue.take_everything():
            entry.fail(lambda _: Unavailable(message, retry_after))

    def close(self) -> None:
        """Take the queue's series back: its model is no longer loaded."""
        for gauge in self._gauges:
            for traffic in TrafficClass:
                gauge.remove(self._model, traffic.value)


def _tell_non_finite(name: str) -> NonFiniteOutput:
    return NonFiniteOutput(f"the model answered NaN or Inf for {name}")

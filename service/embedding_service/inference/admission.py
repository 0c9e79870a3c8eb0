"""Says no early: refuses what would wait too long, going by the measured rate."""

import math

from embedding_service.errors import Overloaded

_WEIGHT = 0.2
"""Of the newest forward in the moving average of the rate."""


class Rate:
    """Tokens per second of one worker, as an exponential moving average over forwards."""

    def __init__(self) -> None:
        self.tokens_per_second: float | None = None
        """None until something was measured."""

    def observe(self, tokens: int, seconds: float, fullness: float = 1.0) -> None:
        """Take one forward into account, for as much as its share of the budget, from 0 to 1.

        What waits goes in full batches, and a short one is slower for each token: a day of single
        texts must not have the first job of the night refused.
        """
        if seconds <= 0:
            return
        measured = tokens / seconds
        if self.tokens_per_second is None:
            self.tokens_per_second = measured
        else:
            weight = _WEIGHT * min(1.0, fullness)
            self.tokens_per_second += weight * (measured - self.tokens_per_second)


def predict_wait(tokens_ahead: int, tokens_per_second: float | None, workers: int) -> float:
    """Seconds until a new entry's first forward; 0 while nothing is known."""
    if tokens_per_second is None:
        return 0.0
    return tokens_ahead / (tokens_per_second * max(workers, 1))


def admit(
    *,
    tokens: int,
    queued: int,
    wait: float,
    max_queue_tokens: int,
    max_wait: float,
    timeout: float | None = None,
) -> None:
    """Raise Overloaded if the queue is full, or the predicted wait longer than it may be.

    A request alone in the queue is always taken, however large: refusing it later would be refusing
    it for ever. One that would be late by its own `timeout` (seconds) is told so before any work.
    """
    if queued and queued + tokens > max_queue_tokens:
        raise Overloaded(
            f"the queue holds {queued:,} tokens of at most {max_queue_tokens:,}; come back later, "
            "or raise MAX_QUEUE_TOKENS",
            retry_after=math.ceil(max(wait, 1.0)),
            reason="queue_full",
        )
    if wait > max_wait:
        raise Overloaded(
            f"the wait would be about {wait:.0f} s, more than {max_wait:g} s; come back later, "
            "add workers, or raise MAX_WAIT",
            retry_after=math.ceil(max(wait - max_wait, 1.0)),
            reason="wait_too_long",
        )
    if timeout is not None and wait > timeout:
        raise Overloaded(
            f"the wait would be about {wait:.1f} s, and the request allows {timeout:g} s; come "
            "back later, or allow more (X-Request-Timeout)",
            retry_after=math.ceil(max(wait - timeout, 1.0)),
            reason="timeout_too_short",
        )

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

    def observe(self, tokens: int, seconds: float) -> None:
        """Take one forward into account."""
        if seconds <= 0:
            return
        measured = tokens / seconds
        if self.tokens_per_second is None:
            self.tokens_per_second = measured
        else:
            self.tokens_per_second += _WEIGHT * (measured - self.tokens_per_second)


def predict_wait(tokens_ahead: int, tokens_per_second: float | None, workers: int) -> float:
    """Seconds until a new entry's first forward; 0 while nothing is known."""
    if tokens_per_second is None:
        return 0.0
    return tokens_ahead / (tokens_per_second * max(workers, 1))


def admit(*, tokens: int, queued: int, wait: float, max_queue_tokens: int, max_wait: float) -> None:
    """Raise Overloaded if the queue is full or the predicted wait too long.

    A request alone in the queue is always taken, however large: refusing it later would be refusing
    it for ever.
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

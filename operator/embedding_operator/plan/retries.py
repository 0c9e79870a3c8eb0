"""When work that a database or a store has failed is done again: later and later."""

from datetime import datetime, timedelta
from typing import Final

from embedding_operator.reports import Job

_FIRST: Final = timedelta(seconds=10)
_LONGEST: Final = timedelta(minutes=5)


def is_due(job: Job, now: datetime) -> bool:
    """Whether a job that has failed for something that passes is to be tried again by now."""
    if job.updated_at is None:
        return True
    doublings = min(job.attempts - 1, 10)
    return now - job.updated_at >= min(_FIRST * (1 << doublings), _LONGEST)

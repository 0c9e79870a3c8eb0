"""Cores that a pod uses, from what it says of its CPU time when it is asked again and again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from embedding_operator.reports import Report

_WINDOW: Final = timedelta(seconds=15)
"""As for the mean wait of requests, which the pod tells itself."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Of the meter of one process."""

    time: datetime
    instance: str
    cpu_seconds: float
    sharing: frozenset[str]
    """uids of the pods that shared the load then."""


def take_reading(
    earlier: Sequence[Reading], report: Report, time: datetime, sharing: frozenset[str]
) -> tuple[Reading, ...]:
    """With what a report says: the readings of a window, and the last one before it, oldest first.

    They begin anew with each process, and when it becomes ready: what it takes to start is no load,
    and would have pods come that have to start too. And with other pods: what the old ones carried
    before new ones took their part would else be counted on top of that part.
    """
    if not report.ready:
        return ()
    latest = Reading(time, report.instance, report.load.cpu_seconds, sharing)
    kept = [each for each in earlier if _may_precede(each, latest)]
    within = [each for each in kept if time - each.time <= _WINDOW]
    before = [each for each in kept if time - each.time > _WINDOW]
    return (*before[-1:], *within, latest)


def count_cores(readings: Sequence[Reading]) -> float | None:
    """The mean over them; None where there is no telling yet."""
    if len(readings) < 2:
        return None
    first, last = readings[0], readings[-1]
    return (last.cpu_seconds - first.cpu_seconds) / (last.time - first.time).total_seconds()


def _may_precede(one: Reading, other: Reading) -> bool:
    """A clock that was set back, or a child whose time got lost, ends what was measured so far."""
    is_same = (one.instance, one.sharing) == (other.instance, other.sharing)
    return is_same and one.time < other.time and one.cpu_seconds <= other.cpu_seconds

"""Replicas by load: Kubernetes' own rule, with windows that outlive the operator's process.

desired = ceil(pods x load / target), with a dead band of 10 %, over the pods that tell their load
(HorizontalPodAutoscaler, "Algorithm details"). Silent ones, which start or are away, are no reason
for more nor for fewer. More pods come when more were wanted throughout the window `up`, fewer when
fewer were wanted throughout `down`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_TOLERANCE: Final = 0.1
_PAUSE: Final = timedelta(minutes=1)
"""Without a look at the loads, after which nothing is known of the time before."""
_ROUNDING: Final = 1e-9
"""Of a pod: so much is no load."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What an index asks for."""

    least: int
    most: int
    targets: Mapping[str, float]
    """By name of the figure: what one pod is to carry."""
    up: timedelta = timedelta(0)
    down: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Sample:
    """What was wanted at a moment."""

    time: datetime
    wanted: int


@dataclass(frozen=True, slots=True)
class Decision:
    """How many, and why."""

    replicas: int
    reason: str
    history: tuple[Sample, ...] = ()
    """To be given with the next load."""


def desired_replicas(
    loads: Mapping[str, Sequence[float]],
    current: int,
    policy: Policy,
    history: Sequence[Sample],
    now: datetime,
) -> Decision:
    """Replicas that bring each load back to its target; the one that asks for most decides.

    Args:
        loads: By name of the figure, that of each ready pod.
        current: Replicas there are to be now.
        policy: Targets, bounds and windows.
        history: What was wanted before, oldest first.
        now: The time.
    """
    bounded = _bound(current, policy)
    if bounded != current:
        return Decision(bounded, "OutOfBounds", (Sample(now, bounded),))
    wanted = _want(loads, current, policy)
    # Without figures there is no reason for fewer: that moment does not count as an idle one.
    samples = (*_keep(history, policy, now), Sample(now, current if wanted is None else wanted))
    if wanted is None:
        return Decision(current, "NoFigures", samples)
    if wanted == current:
        return Decision(current, "OnTarget", samples)
    way, window, pick = ("Up", policy.up, min) if wanted > current else ("Down", policy.down, max)
    steady = _over_window(samples, window, now, pick)
    if steady is None or (steady > current) != (wanted > current) or steady == current:
        return Decision(current, f"Stabilising{way}", samples)
    return Decision(steady, f"Scaling{way}", samples)


def _want(loads: Mapping[str, Sequence[float]], current: int, policy: Policy) -> int | None:
    wanted = [
        _count_wanted(figures, target, current)
        for name, target in policy.targets.items()
        if (figures := loads.get(name))
    ]
    return _bound(max(wanted), policy) if wanted else None


def _count_wanted(figures: Sequence[float], target: float, current: int) -> int:
    carried = sum(figures) / target  # in pods: as many would just carry it
    silent = max(0, current - len(figures))
    if carried < len(figures):
        carried += silent  # which may be as busy as they are to be
    elif carried <= current:
        return current  # they will take their part
    is_near = abs(carried / current - 1.0) <= _TOLERANCE
    return current if is_near else math.ceil(carried - _ROUNDING)


def _over_window(
    samples: Sequence[Sample],
    window: timedelta,
    now: datetime,
    pick: Callable[[Sequence[int]], int],
) -> int | None:
    """The least, or the most, that was wanted in a window; None until samples cover it."""
    within = [sample.wanted for sample in samples if now - sample.time <= window]
    if samples[0].time > now - window:
        return None
    return int(pick(within))


def _keep(history: Sequence[Sample], policy: Policy, now: datetime) -> list[Sample]:
    """What windows need: all within the longer one, and one before it.

    A pause of the operator is as its restart: of what was wanted meanwhile nothing is known.
    """
    if history and now - history[-1].time > _PAUSE:
        return []
    longest = max(policy.up, policy.down)
    within = [sample for sample in history if now - sample.time <= longest]
    before = [sample for sample in history if now - sample.time > longest]
    return [*before[-1:], *within]


def _bound(wanted: int, policy: Policy) -> int:
    return max(policy.least, min(policy.most, wanted))

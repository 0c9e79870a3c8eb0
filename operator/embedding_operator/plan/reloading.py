"""Which pods load another snapshot now. Documents never depend on it: pods follow the database."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.retries import is_due
from embedding_operator.reasons import Reason
from embedding_operator.reports import Job, Report, name_reload
from embedding_operator.resolution.reloading import Wish, find_wish
from embedding_operator.resources.status import ReloadStatus

_REFUSALS: Final = 2
"""Pods that have to refuse a snapshot before it is given up; one may have a bad disk."""


@dataclass(frozen=True, slots=True)
class ReloadOrder:
    """Ask a pod to make anew what it searches."""

    pod: Pod
    snapshot: str
    key: str
    is_retry: bool = False


@dataclass(frozen=True, slots=True)
class Reloading:
    """The next step, and how it stands."""

    orders: tuple[ReloadOrder, ...] = ()
    is_going_on: bool = False
    status: ReloadStatus | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class _Loader:
    """A pod that serves, with what has come of telling it to begin from `snapshot`."""

    pod: Pod
    begun_from: str | None
    key: str
    job: Job | None

    @property
    def refusal(self) -> str | None:
        """Why it does not load it. One whose process was lost, or whose store is away, may yet."""
        job = self.job
        if job is None or not job.has_failed or job.is_lost or job.is_passing:
            return None
        return job.error or "it does not say why"

    @property
    def setback(self) -> str | None:
        """Why it could not load it yet, though it may still."""
        if self.job is None:
            return None
        return self.job.error if self.job.is_passing else self.job.setback

    @property
    def is_busy(self) -> bool:
        return self.job is not None and self.job.state in {"queued", "running"}

    def is_idle(self, now: datetime) -> bool:
        """Whether it may be told (again) by now."""
        job = self.job
        return job is None or job.is_lost or (job.is_passing and is_due(job, now))


def plan_reload(observation: Observation, most: int) -> Reloading:
    """Have at most `most` pods at a time begin from what the spec names.

    When two pods refuse a snapshot (or the only one does), all go back to the one before, if there
    was one. A refusal is for as long as the spec names that snapshot.
    """
    wish, earlier = find_wish(observation.index), observation.index.status.reload
    if wish is None:
        return Reloading()
    before = earlier.snapshot if earlier else None
    loaders = _list_loaders(observation, wish, is_back=False)
    refusals = [each for each in loaders if each.refusal is not None]
    is_given_up = bool(earlier and earlier.refused == wish.snapshot)
    is_given_up |= len(refusals) >= min(_REFUSALS, max(1, len(loaders)))
    aim = before if is_given_up else wish.snapshot
    if is_given_up:
        loaders = _list_loaders(observation, wish, is_back=True)
    behind = [each for each in loaders if aim is not None and each.begun_from != aim]
    is_done = not is_given_up and not behind and bool(loaders) and _all_tell(observation)
    return Reloading(
        _order(behind, aim, most, observation.now) if aim is not None else (),
        is_going_on=any(each.refusal is None for each in behind),
        status=ReloadStatus(
            wanted=wish.snapshot,
            since=wish.since,
            snapshot=wish.snapshot if is_done else before,
            refused=wish.snapshot if is_given_up else None,
        ),
        trouble=_explain(wish, refusals, is_given_up=is_given_up) or _tell_setback(behind),
    )


def _list_serving(observation: Observation) -> list[tuple[Pod, Report | None]]:
    return [
        (pod, observation.reports.get(pod.uid))
        for pod in observation.pods
        if pod.is_ready and not pod.is_leaving
    ]


def _all_tell(observation: Observation) -> bool:
    return all(report and report.index for _, report in _list_serving(observation))


def _list_loaders(observation: Observation, wish: Wish, *, is_back: bool) -> list[_Loader]:
    loaders = []
    for pod, report in _list_serving(observation):
        if report is not None and report.index is not None:
            key = name_reload(wish.since, report.instance, is_back=is_back)
            job = observation.reloads.get(key)
            loaders.append(_Loader(pod, report.snapshot.begun_from, key, job))
    return loaders


def _order(
    behind: Sequence[_Loader], aim: str, most: int, now: datetime
) -> tuple[ReloadOrder, ...]:
    free = max(0, most - sum(each.is_busy for each in behind))
    idle = [each for each in behind if each.is_idle(now)][:free]
    return tuple(
        ReloadOrder(each.pod, aim, each.key, is_retry=each.job is not None) for each in idle
    )


def _explain(wish: Wish, refusals: Sequence[_Loader], *, is_given_up: bool) -> Trouble | None:
    why = refusals[0].refusal if refusals else "pods have refused it"
    if is_given_up:
        told = f"reload.snapshot {wish.snapshot} is given up, and pods keep what they had: {why}"
    elif refusals:
        names = ", ".join(each.pod.name for each in refusals)
        told = f"{names} cannot load reload.snapshot {wish.snapshot} and serves on as before: {why}"
    else:
        return None
    return Trouble(Reason.SNAPSHOT_LOAD_FAILED, told)


def _tell_setback(behind: Sequence[_Loader]) -> Trouble | None:
    told = (
        f"{each.pod.name} could not load a snapshot and serves on as before: {each.setback}; "
        "it is tried again"
        for each in behind
        if each.setback is not None
    )
    message = next(told, None)
    return None if message is None else Trouble(Reason.SNAPSHOT_LOAD_FAILED, message)

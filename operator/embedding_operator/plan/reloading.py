"""Which pods load another snapshot now. Documents never depend on it: pods follow the database."""

from dataclasses import dataclass
from typing import Final

from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.reasons import Reason
from embedding_operator.reports import name_reload
from embedding_operator.resolution.wanted import LATEST
from embedding_operator.resources.status import ReloadStatus

_REFUSALS: Final = 2
"""Pods that have to refuse a snapshot before it is given up; one may have a bad disk."""


@dataclass(frozen=True, slots=True)
class ReloadOrder:
    """Ask a pod to make anew what it searches."""

    pod: Pod
    snapshot: str | None
    """None is as if it started now."""
    key: str


@dataclass(frozen=True, slots=True)
class Reloading:
    """The next step, and how it stands."""

    orders: tuple[ReloadOrder, ...] = ()
    is_going_on: bool = False
    status: ReloadStatus | None = None
    trouble: Trouble | None = None


def plan_reload(observation: Observation, most: int) -> Reloading:
    """Have at most `most` pods at a time begin from what the spec names.

    When two pods refuse a snapshot (or the only one does), all go back to the one before.
    """
    spec, earlier = observation.index.spec.reload, observation.index.status.reload
    target = spec.snapshot if spec else LATEST
    before = earlier.snapshot if earlier else None
    refused = earlier.refused if earlier else None
    pods = [pod for pod in observation.pods if pod.is_ready and not pod.is_leaving]
    if target not in (LATEST, refused) and _is_refused(observation, pods, target):
        refused = target
    is_given_up = target == refused
    aim = before if is_given_up else (None if target == LATEST else target)
    behind = _list_behind(observation, pods, aim, refused)
    orders = _order(observation, behind, aim, most)
    is_done = not behind and not is_given_up
    snapshot = (None if target == LATEST else target) if is_done else before
    status = ReloadStatus(snapshot=snapshot, refused=refused if is_given_up else None)
    return Reloading(
        orders,
        is_going_on=bool(behind),
        status=None if status == ReloadStatus() else status,
        trouble=_explain(observation, pods, target) if is_given_up else None,
    )


def _list_behind(
    observation: Observation, pods: list[Pod], aim: str | None, refused: str | None
) -> list[Pod]:
    """Pods that began from something else; without an aim only those that have to go back."""
    behind = []
    for pod in pods:
        report = observation.reports.get(pod.uid)
        if report is None or report.index is None:
            continue
        begun = report.snapshot.begun_from
        if (aim is not None and begun != aim) or (aim is None and refused and begun == refused):
            behind.append(pod)
    return behind


def _order(
    observation: Observation, behind: list[Pod], aim: str | None, most: int
) -> tuple[ReloadOrder, ...]:
    jobs = observation.reloads
    busy = sum(
        job.state in {"queued", "running"}
        for pod in behind
        if (job := jobs.get(name_reload(aim, pod.uid))) is not None
    )
    fresh = [pod for pod in behind if name_reload(aim, pod.uid) not in jobs]
    return tuple(
        ReloadOrder(pod, aim, name_reload(aim, pod.uid)) for pod in fresh[: max(0, most - busy)]
    )


def _is_refused(observation: Observation, pods: list[Pod], target: str) -> bool:
    refusals = _list_refusals(observation, pods, target)
    return len(refusals) >= min(_REFUSALS, max(1, len(pods)))


def _list_refusals(observation: Observation, pods: list[Pod], target: str) -> list[str]:
    jobs = (observation.reloads.get(name_reload(target, pod.uid)) for pod in pods)
    return [job.error or "" for job in jobs if job is not None and job.has_failed]


def _explain(observation: Observation, pods: list[Pod], target: str) -> Trouble:
    why = next(iter(_list_refusals(observation, pods, target)), "pods have refused it")
    return Trouble(
        Reason.SNAPSHOT_LOAD_FAILED,
        f"reload.snapshot {target} is given up, and pods keep what they had: {why}",
    )

"""Who drops the snapshots that nobody holds: a pod of the index, or a Job where none will come."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from embedding_operator.children.metadata import is_ours
from embedding_operator.children.sweeps import HELD, build_sweep, name_sweeps
from embedding_operator.names import JOBS
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.children import Changes, Child
from embedding_operator.plan.comparison import digest
from embedding_operator.plan.snapshots import list_held
from embedding_operator.reasons import ConditionType, Reason
from embedding_operator.resolution.wanted import Wanted
from embedding_operator.resources.data import DatabaseType
from embedding_operator.resources.objects import EmbeddingIndex, Manifest
from embedding_operator.resources.times import read_time

_REST: Final = timedelta(minutes=2)
"""For which nobody must have served: one that is soon woken again waits for no Job's volume."""
_FILES_STAY: Final = timedelta(hours=7)
"""After which no server may count on files of dropped snapshots: the server's own six hours."""
_AGAIN: Final = timedelta(hours=1)
"""After which a Job that has failed is made anew."""


@dataclass(frozen=True, slots=True)
class Sweeping:
    """What Jobs there are to be."""

    children: tuple[Child, ...] = ()
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class _Outcome:
    """How a Job stands; one that is not there has neither ended nor swept."""

    swept: str | None = None
    """Digest of what was held."""
    completed: datetime | None = None
    failed: datetime | None = None


def find_sweeper(observation: Observation) -> Pod | None:
    """The pod that sweeps, one that answers where there is one."""
    ready = [pod for pod in observation.pods if pod.is_ready and not pod.is_leaving]
    return min(ready, key=lambda pod: (pod.uid in observation.silent, pod.name), default=None)


def plan_sweep(observation: Observation, wanted: Wanted) -> Sweeping:
    """The Jobs of an index without pods: one that drops snapshots, hours later one for files.

    Each stays when it has ended, until another list is held or pods come. One that is in the way is
    not among `children`, and so removed; its successor is made once it is gone.
    """
    index, now = observation.index, observation.now
    if not _is_at_rest(observation, wanted):
        return Sweeping()
    held = list_held(observation.snapshots)
    told = digest(held)
    children: list[Child] = []
    for name in name_sweeps(index.meta):
        outcome = _read(observation.children.get((JOBS, name)), index)
        is_stale = outcome.swept not in (None, told)
        if is_stale or (outcome.failed is not None and now - outcome.failed >= _AGAIN):
            return Sweeping(tuple(children), _find_earlier(index))
        children.append(Child(JOBS, build_sweep(wanted, name, held, told, now)))
        if outcome.failed is not None:
            return Sweeping(tuple(children), _explain(name))
        if outcome.completed is None:
            return Sweeping(tuple(children), _find_earlier(index))
        if now - outcome.completed < _FILES_STAY:
            break
    return Sweeping(tuple(children))


def list_new(changes: Changes) -> list[ChildKey]:
    """Jobs that are about to be made."""
    return [child.key for child in changes.applied if child.kind is JOBS]


def _is_at_rest(observation: Observation, wanted: Wanted) -> bool:
    """Whether nobody serves, nobody is to, and there are snapshots, or were, that outlive pods.

    In a namespace that goes, objects of snapshots go too, and nobody has let go of their data.
    """
    index = observation.index
    is_lost = not wanted.storage.is_apart and wanted.database is DatabaseType.POSTGRESQL
    if wanted.replicas or observation.pods or is_lost or index.status.snapshots is None:
        return False
    since = [
        read_time(each.last_transition_time)
        for each in index.status.conditions or ()
        if (each.type, each.status) == (ConditionType.AVAILABLE, "False")
    ]
    return not observation.is_namespace_ending and any(
        observation.now - each >= _REST for each in since
    )


def _read(live: Manifest | None, index: EmbeddingIndex) -> _Outcome:
    if live is None or not is_ours(live, index.meta):
        return _Outcome()
    ends = {
        each["type"]: read_time(each["lastTransitionTime"])
        for each in (live.get("status") or {}).get("conditions") or ()
        if each["status"] == "True"
    }
    swept = (live["metadata"].get("annotations") or {}).get(HELD, "")
    return _Outcome(swept, ends.get("Complete"), ends.get("Failed"))


def _explain(name: str) -> Trouble:
    told = f"the Job {name}, which removes what no snapshot object holds, has failed"
    return Trouble(Reason.SWEEP_FAILED, f"{told}; `kubectl logs job/{name}` says why")


def _find_earlier(index: EmbeddingIndex) -> Trouble | None:
    """What was told of a Job that has failed: it holds until another one has ended."""
    for each in index.status.conditions or ():
        if (each.type, each.reason) == (ConditionType.DEGRADED, Reason.SWEEP_FAILED):
            return Trouble(Reason.SWEEP_FAILED, each.message)
    return None

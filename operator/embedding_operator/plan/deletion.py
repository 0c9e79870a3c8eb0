"""What has to be done before an index may go, where its policy removes data.

Under Retain there is no finalizer: the object goes at once, with or without an operator.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from embedding_operator.children.metadata import is_ours
from embedding_operator.names import CLAIMS, GROUP, Kind
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.reasons import Reason
from embedding_operator.resources.index import DeletionPolicy
from embedding_operator.resources.objects import EmbeddingIndex, EmbeddingIndexSnapshot, Manifest
from embedding_operator.resources.snapshot import SnapshotPhase
from embedding_operator.resources.times import read_time

FINALIZER: Final = f"{GROUP}/cleanup"
FORCE: Final = f"{GROUP}/force-deletion"
"""Annotation `true`: let the object go as it is."""
_PATIENCE: Final = timedelta(minutes=10)
"""Until a person is told that it does not come to an end."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """The next step; none of them means that the object may go."""

    snapshot: str | None = None
    """Name of the last snapshot, to be made."""
    purge: Pod | None = None
    """Who is to remove rows and snapshots."""
    removes_snapshots: bool = False
    claims: tuple[tuple[Kind, Manifest], ...] = ()
    """Volumes to be removed."""
    is_done: bool = False
    trouble: Trouble | None = None


def wants_finalizer(index: EmbeddingIndex) -> bool:
    """Whether something is to be done before it goes."""
    return index.spec.deletion_policy is not DeletionPolicy.RETAIN


def plan_deletion(observation: Observation, *, is_purged: bool, needs_pod: bool) -> Deletion:
    """The next step of an index that is being deleted.

    Args:
        observation: Of it.
        is_purged: Whether its rows are gone.
        needs_pod: Whether they lie where only a pod of it can remove them.
    """
    index, policy = observation.index, observation.index.spec.deletion_policy
    is_forced = index.meta.annotations.get(FORCE) == "true"
    # In a namespace that goes, no pod comes that could remove anything.
    if is_forced or observation.is_namespace_ending or policy is DeletionPolicy.RETAIN:
        return Deletion(is_done=True)
    wants_last = policy is DeletionPolicy.SNAPSHOT_THEN_DELETE
    if wants_last and (step := _plan_last(observation)) is not None:
        return step
    if needs_pod and not is_purged:
        return _plan_purge(observation, removes_snapshots=not wants_last)
    return Deletion(
        claims=_list_claims(observation, removes_snapshots=not wants_last), is_done=True
    )


def _plan_last(observation: Observation) -> Deletion | None:
    """The snapshot before the end; None once it is complete."""
    last = _find_last(observation)
    if last is None:
        return Deletion(snapshot=name_last(observation.index))
    if last.status.phase is SnapshotPhase.COMPLETED:
        return None
    if last.status.phase is SnapshotPhase.FAILED:
        return Deletion(trouble=_explain(f"the last snapshot has failed: {last.status.error}"))
    return Deletion(trouble=_find_delay(observation, "the last snapshot"))


def _plan_purge(observation: Observation, *, removes_snapshots: bool) -> Deletion:
    ready = [pod for pod in observation.pods if pod.is_ready and not pod.is_leaving]
    if not ready:
        return Deletion(trouble=_find_delay(observation, "a pod that removes its rows"))
    pod = min(ready, key=lambda each: each.name)
    return Deletion(purge=pod, removes_snapshots=removes_snapshots)


def name_last(index: EmbeddingIndex) -> str:
    """Of the snapshot before its end; the uid tells it from that of an earlier index."""
    return f"{index.meta.name}-last-{index.meta.uid[:8]}"


def _find_last(observation: Observation) -> EmbeddingIndexSnapshot | None:
    name = name_last(observation.index)
    return next((each for each in observation.snapshots if each.meta.name == name), None)


def _list_claims(
    observation: Observation, *, removes_snapshots: bool
) -> tuple[tuple[Kind, Manifest], ...]:
    index = observation.index
    return tuple(
        (kind, body)
        for (kind, name), body in observation.children.items()
        if kind is CLAIMS
        and is_ours(body, index.meta)
        and (removes_snapshots or not name.endswith("-snapshots"))
    )


def _find_delay(observation: Observation, what: str) -> Trouble | None:
    since = read_time(observation.index.meta.deleted or "")
    if observation.now - since < _PATIENCE:
        return None
    return _explain(f"{what} does not come")


def _explain(told: str) -> Trouble:
    way_out = f"to let it go as it is, annotate it with {FORCE}=true"
    return Trouble(Reason.PURGE_FAILED, f"its data is not removed: {told}; {way_out}")

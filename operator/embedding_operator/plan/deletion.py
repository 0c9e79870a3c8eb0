"""What has to be done before an index may go, where its policy removes data.

Under Retain there is no finalizer: the object goes at once, with or without an operator.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from embedding_operator.children.metadata import is_made_for, is_ours
from embedding_operator.names import CLAIMS, DEPLOYMENTS, GROUP, Kind
from embedding_operator.observe.observation import Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.reasons import Reason
from embedding_operator.reports import name_purge
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
class PurgeOrder:
    """Ask a pod to remove all rows of the index; asked twice, it does so once."""

    pod: Pod
    key: str
    removes_snapshots: bool
    is_retry: bool = False


@dataclass(frozen=True, slots=True)
class Deletion:
    """The next step; none of them means that the object may go."""

    snapshot: str | None = None
    """Name of the last snapshot, to be made."""
    purge: PurgeOrder | None = None
    is_making_last: bool = False
    """Whether that snapshot is yet to come."""
    claims: tuple[tuple[Kind, Manifest], ...] = ()
    """Volumes to be removed."""
    is_done: bool = False
    trouble: Trouble | None = None


def wants_finalizer(index: EmbeddingIndex) -> bool:
    """Whether something is to be done before it goes."""
    return index.spec.deletion_policy is not DeletionPolicy.RETAIN


def plan_deletion(
    observation: Observation, *, needs_pod: bool, refusal: str | None = None
) -> Deletion:
    """The next step of an index that is being deleted.

    Args:
        observation: Of it.
        needs_pod: Whether its rows lie where only a pod of it can remove them.
        refusal: Why a pod that was asked to did not begin with it.
    """
    index, policy = observation.index, observation.index.spec.deletion_policy
    is_forced = index.meta.annotations.get(FORCE) == "true"
    # In a namespace that goes, no pod comes that could remove anything.
    if is_forced or observation.is_namespace_ending or policy is DeletionPolicy.RETAIN:
        return Deletion(is_done=True)
    wants_last = policy is DeletionPolicy.SNAPSHOT_THEN_DELETE
    done = Deletion(
        claims=_list_claims(observation, removes_snapshots=not wants_last), is_done=True
    )
    if not _has_begun(observation):
        return done
    if wants_last and (step := _plan_last(observation)) is not None:
        return step
    if needs_pod and not (observation.purge is not None and observation.purge.has_succeeded):
        return _plan_purge(observation, refusal, removes_snapshots=not wants_last)
    return done


def _has_begun(observation: Observation) -> bool:
    """Whether there was ever a pod that can have written something."""
    index = observation.index
    deployment = observation.children.get((DEPLOYMENTS, index.meta.name))
    is_there = deployment is not None and is_ours(deployment, index.meta)
    return is_there or index.status.fingerprint is not None


def _plan_last(observation: Observation) -> Deletion | None:
    """The snapshot before the end; None once it is complete."""
    last = _find_last(observation)
    if last is None:
        return Deletion(snapshot=name_last(observation.index), is_making_last=True)
    if last.status.phase is SnapshotPhase.COMPLETED:
        return None
    if last.status.phase is SnapshotPhase.FAILED:
        return Deletion(trouble=_explain(f"the last snapshot has failed: {last.status.error}"))
    late = _find_delay(observation, "the last snapshot does not come")
    return Deletion(is_making_last=True, trouble=late)


def _plan_purge(
    observation: Observation, refusal: str | None, *, removes_snapshots: bool
) -> Deletion:
    job = observation.purge
    if job is not None and not job.has_failed:
        return Deletion(trouble=_find_delay(observation, "a pod is still at it"))
    # One that has begun with it is not ready any more, and may be the only one.
    asked = [pod for pod in observation.pods if pod.can_answer and not pod.is_leaving]
    pod = min(asked, key=lambda each: (not each.is_ready, each.name), default=None)
    if pod is None:
        return Deletion(trouble=_find_delay(observation, "no pod comes that could do it"))
    key = name_purge(observation.index.meta.uid, removes_snapshots=removes_snapshots)
    order = PurgeOrder(pod, key, removes_snapshots, is_retry=job is not None)
    if job is not None:
        return Deletion(purge=order, trouble=_explain(job.error or "a pod could not do it"))
    return Deletion(purge=order, trouble=_find_delay(observation, refusal) if refusal else None)


def name_last(index: EmbeddingIndex) -> str:
    """Of the snapshot before its end; the uid tells it from that of an earlier index."""
    return f"{index.meta.name}-last-{index.meta.uid[:8]}"


def _find_last(observation: Observation) -> EmbeddingIndexSnapshot | None:
    index = observation.index.meta
    name = name_last(observation.index)
    made = (each for each in observation.snapshots if is_made_for(each.meta, index))
    return next((each for each in made if each.meta.name == name), None)


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


def _find_delay(observation: Observation, told: str) -> Trouble | None:
    since = read_time(observation.index.meta.deleted or "")
    if observation.now - since < _PATIENCE:
        return None
    return _explain(told)


def _explain(told: str) -> Trouble:
    way_out = f"to let it go as it is, annotate it with {FORCE}=true"
    return Trouble(Reason.PURGE_FAILED, f"its data is not removed: {told}; {way_out}")

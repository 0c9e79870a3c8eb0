"""What is told of one snapshot: taken on, begun, ended."""

from datetime import datetime

from embedding_operator.observe.pods import Pod
from embedding_operator.reasons import SnapshotConditionType, SnapshotReason
from embedding_operator.reports import Job
from embedding_operator.resources.objects import EmbeddingIndex, EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import Executor, SnapshotPhase, SnapshotStatus
from embedding_operator.resources.status import Condition
from embedding_operator.resources.times import write_time


def put_off(
    snapshot: EmbeddingIndexSnapshot, why: str, index: EmbeddingIndex | None = None
) -> SnapshotStatus:
    """It is still to be made; `index` has taken it on, where it is there."""
    earlier = snapshot.status
    return earlier.model_copy(
        update={
            "observed_generation": snapshot.meta.generation,
            "phase": earlier.phase or SnapshotPhase.PENDING,
            "index_uid": index.data_uid if index is not None else earlier.index_uid,
            "error": why,
        }
    )


def start(
    snapshot: EmbeddingIndexSnapshot,
    index: EmbeddingIndex,
    pod: Pod,
    job: Job,
    *,
    is_retry: bool,
    now: datetime,
) -> SnapshotStatus:
    """A pod of `index` has taken the work."""
    earlier = snapshot.status
    attempts = (earlier.attempts or 0) + 1 if is_retry or not earlier.attempts else earlier.attempts
    return earlier.model_copy(
        update={
            "observed_generation": snapshot.meta.generation,
            "phase": SnapshotPhase.RUNNING,
            "index_uid": index.data_uid,
            "attempts": attempts,
            "executor": Executor(pod=pod.name, instance=job.instance, job=job.id),
            "started_at": earlier.started_at or write_time(now),
            "error": None,
        }
    )


def complete(
    snapshot: EmbeddingIndexSnapshot,
    index: EmbeddingIndex,
    job: Job,
    now: datetime,
    endpoint: str | None = None,
) -> SnapshotStatus:
    """It is there, with all that restores it; `endpoint` is that of the server that has it."""
    detail, type_ = job.detail, SnapshotConditionType.COMPLETED
    told = f"it has {detail.count} documents"
    return snapshot.status.model_copy(
        update={
            "observed_generation": snapshot.meta.generation,
            "phase": SnapshotPhase.COMPLETED,
            "conditions": [_conclude(snapshot, type_, SnapshotReason.SUCCEEDED, told, now)],
            "snapshot_id": detail.id,
            "uri": detail.uri and f"{detail.uri}/{detail.id}",
            "endpoint": endpoint,
            "version": detail.version,
            "documents": detail.count,
            "size_bytes": detail.size_bytes,
            "checksum": detail.checksum,
            "dimension": detail.dimension,
            "metric": detail.metric,
            "fingerprint": detail.fingerprint,
            "index_uid": index.data_uid,
            "attempts": snapshot.status.attempts or 1,
            "completed_at": write_time(now),
            "error": None,
        }
    )


def fail(
    snapshot: EmbeddingIndexSnapshot, reason: SnapshotReason, why: str, now: datetime
) -> SnapshotStatus:
    """It will never be there."""
    condition = _conclude(snapshot, SnapshotConditionType.FAILED, reason, why, now)
    return snapshot.status.model_copy(
        update={
            "observed_generation": snapshot.meta.generation,
            "phase": SnapshotPhase.FAILED,
            "conditions": [condition],
            "completed_at": write_time(now),
            "error": why[:2048],
        }
    )


def _conclude(
    snapshot: EmbeddingIndexSnapshot,
    type_: SnapshotConditionType,
    reason: SnapshotReason,
    message: str,
    now: datetime,
) -> Condition:
    return Condition(
        type=type_,
        status="True",
        reason=reason,
        message=message[:2048],
        observed_generation=snapshot.meta.generation,
        last_transition_time=write_time(now),
    )

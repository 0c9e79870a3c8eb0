"""Carries out what was planned for snapshots."""

from collections.abc import Sequence
from typing import Any

import structlog
from pydantic import ValidationError

from embedding_operator.apply.statuses import write_status
from embedding_operator.children.metadata import build_labels, is_ours
from embedding_operator.cluster import Cluster
from embedding_operator.errors import Conflicting, PodFailure, Refused
from embedding_operator.names import SNAPSHOTS
from embedding_operator.observe.observation import Observation
from embedding_operator.plan.actions import (
    CreateSnapshot,
    DeleteSnapshot,
    Event,
    SnapshotAction,
    StartSnapshot,
    UpdateSnapshot,
)
from embedding_operator.plan.snapshot_status import put_off, start
from embedding_operator.plan.snapshots import list_held
from embedding_operator.pods import Pods
from embedding_operator.reports import Job
from embedding_operator.resources.objects import (
    EmbeddingIndex,
    EmbeddingIndexSnapshot,
    Manifest,
)
from embedding_operator.resources.snapshot import RetentionClass, SnapshotPhase, SnapshotStatus

_KEPT_BY_PODS = 1
"""Snapshots that pods keep though no object holds them: the newest, which new pods begin from."""

_log = structlog.stdlib.get_logger(__name__)


class SnapshotMaker:
    """Raises Unavailable, Refused; what a pod does not do is left to the next pass."""

    def __init__(self, cluster: Cluster, pods: Pods, manager: str) -> None:
        """`manager` owns the fields that are written."""
        self._cluster = cluster
        self._pods = pods
        self._manager = manager

    async def carry_out(
        self, observation: Observation, actions: Sequence[SnapshotAction]
    ) -> list[Event]:
        """Each in turn; what has happened is told of the index."""
        events: list[Event] = []
        index = observation.index
        for action in actions:
            match action:
                case CreateSnapshot():
                    if await self.ask(index, action.name, RetentionClass.EXPIRE):
                        events.append(Event("SnapshotScheduled", f"{action.name} is due"))
                case StartSnapshot():
                    await self._start(observation, action)
                case UpdateSnapshot():
                    events += await self.update(action)
                case DeleteSnapshot():
                    meta = action.snapshot.meta
                    await self._cluster.delete(SNAPSHOTS, meta.namespace, meta.name, meta.uid)
                    events.append(Event("SnapshotExpired", f"{meta.name} is deleted"))
        return events

    async def update(self, action: UpdateSnapshot) -> list[Event]:
        """Tell how one stands, where that is news."""
        if action.status == action.snapshot.status:
            return []
        await self._write(action.snapshot, action.status)
        return _tell(action)

    async def sweep(self, audience: str, address: str, held: list[str]) -> bool:
        """Have a pod drop what no object holds; whether it did."""
        body = {"held": held, "keep": _KEPT_BY_PODS, "keep_seconds": 0}
        try:
            await self._pods.call(address, audience, "POST", "/snapshots/sweep", body=body)
        except PodFailure as error:
            _log.warning("snapshots are not swept", reason=error.message)
            return False
        return True

    async def ask(
        self, index: EmbeddingIndex, name: str, retention: RetentionClass = RetentionClass.KEEP
    ) -> bool:
        """Make an object that asks for a snapshot; whether there was none of its name.

        Raises Refused: there is one, and somebody else has made it.
        """
        body = {
            "apiVersion": SNAPSHOTS.api,
            "kind": SNAPSHOTS.kind,
            "metadata": {
                "name": name,
                "namespace": index.meta.namespace,
                "labels": build_labels(index.meta, "snapshot"),
            },
            "spec": {
                "indexRef": {"name": index.meta.name},
                "retention": retention.value,
            },
        }
        try:
            await self._cluster.create(SNAPSHOTS, body, self._manager)
        except Conflicting as error:
            if error.reason != "AlreadyExists":  # a quota that was counted by another just now
                raise
            there = await self._find(index, name)
            if there is None:
                raise  # it has gone meanwhile
            if not is_ours(there, index.meta):
                told = f"there is an {SNAPSHOTS.kind} {name} that is not this index's; remove it"
                raise Refused(told, error.status, error.reason) from None
            return False  # made before a restart that came before the status was written
        return True

    async def _find(self, index: EmbeddingIndex, name: str) -> Manifest | None:
        """One object, by a list: a right to get one is needed nowhere else."""
        fields = f"metadata.name={name}"
        async for body in self._cluster.list(SNAPSHOTS, index.meta.namespace, fields=fields):
            if body["metadata"]["name"] == name:
                return body
        return None

    async def _start(self, observation: Observation, action: StartSnapshot) -> None:
        index, now = observation.index, observation.now
        snapshot, pod = action.snapshot, action.pod
        held = list_held(observation.snapshots)
        body: dict[str, Any] = {"held": held, "keep": _KEPT_BY_PODS, "keep_seconds": 0}
        if action.is_retry:
            body["retry"] = True
        try:
            answer = await self._pods.call(
                pod.address or "",
                index.key,
                "POST",
                "/jobs/snapshot",
                body=body,
                key=snapshot.meta.uid,
            )
            job = Job.model_validate(answer)
        except (PodFailure, ValidationError) as error:
            _log.warning("a snapshot is not begun", snapshot=snapshot.meta.name, reason=str(error))
            if snapshot.status.phase is SnapshotPhase.RUNNING:  # it was begun, and may go on
                return
            status = put_off(snapshot, f"a pod does not begin it: {error}"[:2048], index)
        else:
            status = start(snapshot, index, pod, job, is_retry=action.is_retry, now=now)
        if status != snapshot.status:
            await self._write(snapshot, status)

    async def _write(self, snapshot: EmbeddingIndexSnapshot, status: SnapshotStatus) -> None:
        meta = snapshot.meta
        body = {
            "apiVersion": SNAPSHOTS.api,
            "kind": SNAPSHOTS.kind,
            "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
            "status": status.model_dump(by_alias=True, exclude_none=True, mode="json"),
        }
        await write_status(self._cluster, SNAPSHOTS, body, self._manager)


def _tell(action: UpdateSnapshot) -> list[Event]:
    name, status = action.snapshot.meta.name, action.status
    if status.phase is SnapshotPhase.COMPLETED:
        return [Event("SnapshotCompleted", f"{name} has {status.documents} documents")]
    if status.phase is SnapshotPhase.FAILED:
        return [Event("SnapshotFailed", f"{name}: {status.error}", is_warning=True)]
    return []

"""The front door of the room: carries out what a plan asks for, one step after the other."""

from collections.abc import Iterable
from typing import Final

import structlog

from embedding_operator.apply.refusals import noted
from embedding_operator.apply.snapshots import SnapshotMaker
from embedding_operator.apply.writer import Applied, Writer
from embedding_operator.errors import PodFailure
from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.pods import Pod, Trouble
from embedding_operator.plan.actions import Event, SnapshotAction, UpdateSnapshot, name_snapshot
from embedding_operator.plan.bootstrap import Bootstrap
from embedding_operator.plan.children import Changes
from embedding_operator.plan.deletion import FINALIZER, PurgeOrder, wants_finalizer
from embedding_operator.plan.reloading import ReloadOrder
from embedding_operator.pods import Pods
from embedding_operator.reasons import Reason
from embedding_operator.reports import name_bootstrap
from embedding_operator.resources.objects import EmbeddingIndex, Manifest
from embedding_operator.resources.status import IndexStatus

_log = structlog.stdlib.get_logger(__name__)

_PASSING: Final = frozenset({401, 408, 409, 429})
"""Statuses of a no that is another answer soon: a new key is read, what is in the way is over."""


class Executor:
    """Any call may raise Unavailable, Refused; what a pod does not do, the next pass asks again."""

    def __init__(self, writer: Writer, snapshots: SnapshotMaker, pods: Pods) -> None:
        self._writer = writer
        self._snapshots = snapshots
        self._pods = pods

    async def claim(self, index: EmbeddingIndex) -> EmbeddingIndex | None:
        """See Writer.claim."""
        return await self._writer.claim(index)

    async def claim_bare(self, index: EmbeddingIndex) -> bool:
        """See Writer.claim_bare."""
        return await self._writer.claim_bare(index)

    async def hold(self, index: EmbeddingIndex) -> None:
        """Have the finalizer where something is to be done before it goes, and only there."""
        is_held = FINALIZER in index.meta.finalizers
        if wants_finalizer(index) != is_held:
            await self._writer.finalize(index, is_held=not is_held)

    async def change(self, changes: Changes) -> Applied:
        """See Writer.change."""
        return await self._writer.change(changes)

    async def report(self, index: EmbeddingIndex, status: IndexStatus) -> IndexStatus:
        """See Writer.report."""
        return await self._writer.report(index, status)

    async def tell(self, index: EmbeddingIndex, events: Iterable[Event]) -> None:
        """See Writer.tell."""
        await self._writer.tell(INDEXES, index.meta, events)

    async def snapshot(
        self,
        observation: Observation,
        actions: Iterable[SnapshotAction],
        refusals: dict[ChildKey, str],
    ) -> list[Event]:
        """See SnapshotMaker.carry_out; one that is refused, which is noted, stops no other."""
        events: list[Event] = []
        for action in actions:
            with noted(refusals, (SNAPSHOTS, name_snapshot(action))):
                events += await self._snapshots.carry_out(observation, [action])
        return events

    async def abandon(self, updates: Iterable[UpdateSnapshot]) -> None:
        """Tell how snapshots without an index stand; nobody else is there to tell it of."""
        for update in updates:
            events = await self._snapshots.update(update)
            await self._writer.tell(SNAPSHOTS, update.snapshot.meta, events)

    async def ask_last(self, index: EmbeddingIndex, name: str) -> None:
        """Ask for the snapshot before an index's end, which stays."""
        await self._snapshots.ask(index, name)

    async def fill(self, observation: Observation, bootstrap: Bootstrap) -> Trouble | None:
        """Ask a pod to put a snapshot back; asked twice, it does so once. Why it will not."""
        source, pod = bootstrap.source, bootstrap.pod
        if source is None or pod is None:
            return None
        body = {**source.order, "retry": bootstrap.is_retry}
        try:
            await self._pods.call(
                pod.address or "",
                observation.index.key,
                "POST",
                "/jobs/restore",
                body=body,
                key=name_bootstrap(observation.index.meta.uid),
            )
        except PodFailure as error:
            _log.warning("it is not filled", reason=error.message)
            return _explain("bootstrap", error)
        return None

    async def reload(
        self, observation: Observation, orders: Iterable[ReloadOrder]
    ) -> Trouble | None:
        """Ask pods to begin from another snapshot; asked twice, one does so once.

        Why one will not.
        """
        trouble = None
        for order in orders:
            try:
                await self._pods.call(
                    order.pod.address or "",
                    observation.index.key,
                    "POST",
                    "/jobs/reload",
                    body={"snapshot": order.snapshot, "retry": order.is_retry},
                    key=order.key,
                )
            except PodFailure as error:
                _log.warning("a snapshot is not loaded", pod=order.pod.name, reason=error.message)
                trouble = trouble or _explain("reload", error)
        return trouble

    async def sweep(self, index: EmbeddingIndex, pod: Pod, held: list[str]) -> bool:
        """Have a pod drop the snapshots that nobody holds; whether it did."""
        return await self._snapshots.sweep(index.key, pod.address or "", held)

    async def purge(self, observation: Observation, order: PurgeOrder) -> str | None:
        """Have a pod begin to remove all rows of an index; why it does not, if it does not."""
        audience = observation.index.key
        body = {"confirm": audience, "snapshots": order.removes_snapshots, "retry": order.is_retry}
        try:
            await self._pods.call(
                order.pod.address or "", audience, "POST", "/jobs/purge", body=body, key=order.key
            )
        except PodFailure as error:
            _log.warning("it is not purged", reason=error.message)
            return error.message
        return None

    async def let_go(self, index: EmbeddingIndex, claims: Iterable[tuple[Kind, Manifest]]) -> None:
        """Remove volumes, then the finalizer, after which the object is gone."""
        for kind, body in claims:
            await self._writer.remove(kind, body)
        if FINALIZER in index.meta.finalizers:
            await self._writer.finalize(index, is_held=False)


def _explain(what: str, error: PodFailure) -> Trouble | None:
    """A no that is no again; an answer that does not come is asked for again without a word."""
    is_final = error.status is not None and 400 <= error.status < 500
    if not is_final or error.status in _PASSING:
        return None
    return Trouble(Reason.SNAPSHOT_LOAD_FAILED, f"{what}: {error.message}")

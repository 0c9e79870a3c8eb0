"""Writes children, status and events of one index.

Of one field manager, whichever installation writes: who takes an index over owns at once what the
one before had written, and can leave it out. The claim alone is an installation's own, for it is
there to be fought for.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog

from embedding_operator.apply.statuses import write_status
from embedding_operator.cluster import Cluster
from embedding_operator.errors import (
    Conflicting,
    InternalError,
    Missing,
    OperatorError,
    Refused,
)
from embedding_operator.names import EVENTS, GROUP, INDEXES, PROGRAM, Kind
from embedding_operator.observe.observation import ChildKey
from embedding_operator.plan.actions import Event
from embedding_operator.plan.children import Changes, Child, settle
from embedding_operator.plan.deletion import FINALIZER
from embedding_operator.resources.objects import (
    EmbeddingIndex,
    Manifest,
    Meta,
    parse_index,
    parse_meta,
)
from embedding_operator.resources.status import IndexStatus

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Applied:
    """What has come of a plan's changes."""

    settled: dict[ChildKey, str]
    """Digests of what the API server made of each child that was written."""
    refusals: dict[ChildKey, str]
    """What it would not have, and why."""


class Writer:
    """Any call may raise Unavailable, and Refused where nothing was refused for its content."""

    def __init__(self, cluster: Cluster, operator: str) -> None:
        """`operator` is `namespace/release`: who claims indexes."""
        self._cluster = cluster
        self._operator = operator
        self.manager = PROGRAM

    async def claim(self, index: EmbeddingIndex) -> EmbeddingIndex | None:
        """The index as it is now, this installation's; None for another's, which is left to it."""
        if index.status.operator is not None:
            return index if index.status.operator == self._operator else None
        claimed = await self._take(index.meta)
        return parse_index(claimed) if claimed is not None else None

    async def claim_bare(self, index: EmbeddingIndex) -> bool:
        """Claim an index whose spec cannot be read; whether it is this installation's."""
        if index.status.operator is not None:
            return index.status.operator == self._operator
        return await self._take(index.meta) is not None

    async def _take(self, meta: Meta) -> Manifest | None:
        body = _build_status(meta, {"operator": self._operator})
        try:
            return await self._cluster.apply_status(
                INDEXES, body, f"{self._operator}/claim", is_forced=False
            )
        except Conflicting:
            return None

    async def change(self, changes: Changes) -> Applied:
        """Write children, one after the other; one that is refused does not stop the others."""
        applied = Applied({}, {})
        for child in changes.applied:
            try:
                live = await self._apply(child)
            except (Refused, InternalError) as error:
                _log.warning("a child was refused", child=_name(child), reason=error.message)
                applied.refusals[child.key] = error.message
            else:
                applied.settled[child.key] = settle(child, live)
        for kind, body in changes.removed:
            await self.remove(kind, body)
        return applied

    async def _apply(self, child: Child) -> Manifest:
        try:
            return await self._cluster.apply(child.kind, child.manifest, self.manager)
        except Conflicting:  # somebody wrote at once; what is written does not depend on his words
            return await self._cluster.apply(child.kind, child.manifest, self.manager)

    async def remove(self, kind: Kind, body: Manifest) -> None:
        """Delete an object, if it is still that one."""
        meta = body["metadata"]
        await self._cluster.delete(kind, meta["namespace"], meta["name"], meta["uid"])

    async def finalize(self, index: EmbeddingIndex, *, is_held: bool) -> None:
        """Put the finalizer on, or take it off; others' stay. Raises Conflicting."""
        meta = index.meta
        try:
            fresh = parse_meta(await self._cluster.get(INDEXES, meta.namespace, meta.name))
            others = [each for each in fresh.finalizers if each != FINALIZER]
            metadata = {
                "uid": meta.uid,
                "resourceVersion": fresh.version,  # the list is replaced as a whole
                "finalizers": [*others, FINALIZER] if is_held else others,
            }
            await self._cluster.patch(INDEXES, meta.namespace, meta.name, {"metadata": metadata})
        except Missing:
            return

    async def report(self, index: EmbeddingIndex, status: IndexStatus) -> IndexStatus:
        """Write the status, all of it but the claim; what the API server made of it."""
        content = status.model_dump(
            by_alias=True, exclude_none=True, exclude={"operator"}, mode="json"
        )
        body = _build_status(index.meta, content)
        told = await write_status(self._cluster, INDEXES, body, self.manager)
        return IndexStatus.model_validate(told.get("status") or {})

    async def tell(self, kind: Kind, meta: Meta, events: Iterable[Event]) -> None:
        """Post events; one that cannot be posted is logged, for nothing depends on it."""
        for event in events:
            try:
                body = _build_event(kind, meta, event, self._operator)
                await self._cluster.create(EVENTS, body, self.manager)
            except OperatorError as error:
                _log.warning("an event is not posted", told=event.reason, reason=error.message)


def _name(child: Child) -> str:
    return f"{child.kind.kind} {child.manifest['metadata']['name']}"


def _build_status(meta: Meta, status: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": INDEXES.api,
        "kind": INDEXES.kind,
        # The uid makes it fail where the object is gone, or is another of its name.
        "metadata": {"name": meta.name, "namespace": meta.namespace, "uid": meta.uid},
        "status": status,
    }


def _build_event(kind: Kind, meta: Meta, event: Event, operator: str) -> dict[str, Any]:
    now = datetime.now(UTC)
    moment = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "apiVersion": EVENTS.api,
        "kind": EVENTS.kind,
        "metadata": {
            "name": f"{meta.name}.{int(now.timestamp() * 1e6):x}",
            "namespace": meta.namespace,
        },
        "eventTime": moment,
        "reportingController": f"{GROUP}/{PROGRAM}",
        "reportingInstance": operator[:128],
        "action": "Reconcile",
        "reason": event.reason,
        "note": event.message[:1024],
        "type": "Warning" if event.is_warning else "Normal",
        "regarding": {
            "apiVersion": kind.api,
            "kind": kind.kind,
            "name": meta.name,
            "namespace": meta.namespace,
            "uid": meta.uid,
        },
    }

"""A cluster whose answers to writes are heard at once, before what watches brings them.

Else a pass that begins in between would decide again what was decided already.
"""

from collections.abc import AsyncIterator, Callable
from typing import Final

from embedding_operator.cluster import Cluster
from embedding_operator.names import CHILDREN, INDEXES, SNAPSHOTS, Kind
from embedding_operator.resources.objects import Manifest

_HEARD: Final = frozenset({INDEXES, SNAPSHOTS, *CHILDREN})
"""Kinds that are watched; of the others nobody would ever hear the end."""


class HeardCluster:
    """See Cluster; `hear` gets each object that was written, as it is then."""

    def __init__(self, cluster: Cluster, hear: Callable[[Kind, Manifest], None]) -> None:
        self._cluster = cluster
        self._hear = hear

    async def knows(self, kind: Kind) -> bool:
        """See Cluster."""
        return await self._cluster.knows(kind)

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        """See Cluster."""
        return await self._cluster.get(kind, namespace, name)

    def list(
        self, kind: Kind, namespace: str | None, selector: str = "", fields: str = ""
    ) -> AsyncIterator[Manifest]:
        """See Cluster."""
        return self._cluster.list(kind, namespace, selector, fields)

    async def apply(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        """See Cluster."""
        return self._tell(
            kind, await self._cluster.apply(kind, manifest, manager, is_forced=is_forced)
        )

    async def apply_status(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        """See Cluster."""
        return self._tell(
            kind, await self._cluster.apply_status(kind, manifest, manager, is_forced=is_forced)
        )

    async def create(self, kind: Kind, manifest: Manifest, manager: str) -> Manifest:
        """See Cluster."""
        return self._tell(kind, await self._cluster.create(kind, manifest, manager))

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        """See Cluster."""
        return self._tell(kind, await self._cluster.patch(kind, namespace, name, patch))

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """See Cluster."""
        await self._cluster.delete(kind, namespace, name, uid)

    def _tell(self, kind: Kind, body: Manifest) -> Manifest:
        if kind in _HEARD:
            self._hear(kind, body)
        return body

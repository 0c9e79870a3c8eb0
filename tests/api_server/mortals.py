"""An operator that dies when it is told to: between any two things that it does."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from embedding_operator.cluster import Cluster
from embedding_operator.names import Kind
from embedding_operator.pods import Pods
from embedding_operator.reports import Report
from embedding_operator.resources.objects import Manifest


class Killed(BaseException):
    """No handler of the operator's catches it, as none catches SIGKILL."""


class Life:
    """So many calls long; the last one may still have been carried out."""

    def __init__(self, calls: int | None = None, *, is_last_done: bool = False) -> None:
        self._left = calls
        self._is_last_done = is_last_done
        self.writes: list[str] = []
        self.moves = 0
        """Writes, and what pods were asked to do."""

    def begin(self) -> None:
        """A call begins."""
        if self._left is None:
            return
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._is_last_done):
            raise Killed

    def end(self, write: str = "") -> None:
        """A call was carried out; `write` tells what it wrote."""
        if write:
            self.writes.append(write)
            self.moves += 1
        if self._left == 0:
            raise Killed


class MortalCluster:
    """A Cluster in one life."""

    def __init__(self, cluster: Cluster, life: Life) -> None:
        self._cluster = cluster
        self._life = life

    async def knows(self, kind: Kind) -> bool:
        self._life.begin()
        return await self._cluster.knows(kind)

    async def get(self, kind: Kind, namespace: str, name: str) -> Manifest:
        self._life.begin()
        found = await self._cluster.get(kind, namespace, name)
        self._life.end()
        return found

    async def list(
        self, kind: Kind, namespace: str | None, selector: str = "", fields: str = ""
    ) -> AsyncIterator[Manifest]:
        self._life.begin()
        async for body in self._cluster.list(kind, namespace, selector, fields):
            yield body

    async def apply(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        self._life.begin()
        made = await self._cluster.apply(kind, manifest, manager, is_forced=is_forced)
        self._life.end(f"apply {_name(kind, manifest)}")
        return made

    async def apply_status(
        self, kind: Kind, manifest: Manifest, manager: str, *, is_forced: bool = True
    ) -> Manifest:
        self._life.begin()
        made = await self._cluster.apply_status(kind, manifest, manager, is_forced=is_forced)
        self._life.end(f"status {_name(kind, manifest)} {manifest['status']}")
        return made

    async def create(self, kind: Kind, manifest: Manifest, manager: str) -> Manifest:
        self._life.begin()
        made = await self._cluster.create(kind, manifest, manager)
        self._life.end(f"create {_name(kind, manifest)}")
        return made

    async def patch(self, kind: Kind, namespace: str, name: str, patch: Manifest) -> Manifest:
        self._life.begin()
        made = await self._cluster.patch(kind, namespace, name, patch)
        self._life.end(f"patch {kind.kind} {name}")
        return made

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        self._life.begin()
        await self._cluster.delete(kind, namespace, name, uid)
        self._life.end(f"delete {kind.kind} {name}")


class MortalPods:
    """Pods, as they are asked in one life."""

    def __init__(self, pods: Pods, life: Life) -> None:
        self._pods = pods
        self._life = life

    async def report(self, address: str, audience: str) -> Report:
        self._life.begin()
        told = await self._pods.report(address, audience)
        self._life.end()
        return told

    async def call(
        self,
        address: str,
        audience: str,
        method: str,
        path: str,
        *,
        body: Mapping[str, Any] | None = None,
        key: str | None = None,
    ) -> Mapping[str, Any]:
        self._life.begin()
        answer = await self._pods.call(address, audience, method, path, body=body, key=key)
        self._life.moves += method == "POST"
        self._life.end()
        return answer


def _name(kind: Kind, manifest: Manifest) -> str:
    return f"{kind.kind} {manifest['metadata']['name']}"

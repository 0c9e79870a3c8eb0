"""People, who write indexes."""

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, Final

from benchmarks.operator.stage.specs import build_spec, change_spec, name_index
from embedding_operator.cluster import Cluster
from embedding_operator.names import INDEXES

_AT_ONCE: Final = 8
AGENT: Final = "person"
"""By which the audit log knows them."""


class People:
    """Each index is in the namespace of its number."""

    def __init__(self, cluster: Cluster, namespaces: int) -> None:
        self._cluster = cluster
        self._namespaces = namespaces

    @staticmethod
    def name_namespace(number: int) -> str:
        """Of the namespaces in turn."""
        return f"team{number:03}"

    async def add(self, number: int) -> None:
        """Make an index."""
        await self._apply(number, build_spec(number))

    async def change(self, number: int) -> None:
        """Change the spec of an index."""
        await self._apply(number, change_spec(number))

    async def add_all(self, numbers: Iterable[int]) -> None:
        """Make many, as fast as the API server takes them."""
        turns = asyncio.Semaphore(_AT_ONCE)

        async def add_one(number: int) -> None:
            async with turns:
                await self.add(number)

        async with asyncio.TaskGroup() as adding:
            for number in numbers:
                adding.create_task(add_one(number))

    async def _apply(self, number: int, spec: Mapping[str, Any]) -> None:
        body = {
            "apiVersion": INDEXES.api,
            "kind": INDEXES.kind,
            "metadata": {
                "name": name_index(number),
                "namespace": self.name_namespace(number % self._namespaces),
            },
            "spec": spec,
        }
        await self._cluster.apply(INDEXES, body, AGENT)

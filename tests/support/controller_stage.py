"""A controller on a cluster in memory, with passes that answer as they are told."""

import asyncio
from typing import Any, cast

import structlog
from prometheus_client import CollectorRegistry

from embedding_indexes import index_body
from embedding_operator.controller import Controller
from embedding_operator.metrics import Metrics
from embedding_operator.names import Kind
from embedding_operator.observe.cache import Cache, IndexKey
from embedding_operator.reconciler import Reconciler
from fake_cluster import FakeCluster

SECONDS = 20


class Passes:
    """A reconciler that keeps what it was asked, and answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[IndexKey] = []
        self.answers: list[float | Exception | None] = []
        self.changed = asyncio.Event()

    def resume(self) -> None:
        assert self.asked == []  # before any pass

    async def reconcile(self, key: IndexKey) -> float | None:
        self.asked.append(key)
        self.bound = structlog.contextvars.get_contextvars()
        self.changed.set()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def wait_for(self, count: int) -> None:
        async with asyncio.timeout(SECONDS):
            while len(self.asked) < count:
                self.changed.clear()
                await self.changed.wait()


class Stage:
    """A controller on a cluster in memory."""

    def __init__(self) -> None:
        self.cluster, self.cache, self.passes = FakeCluster(), Cache(), Passes()
        self.controller = self.make()

    def make(self, *namespaces: str, resync: float = 1000.0) -> Controller:
        reconciler = cast("Reconciler", self.passes)
        self.registry = CollectorRegistry()
        self.controller = Controller(
            self.cluster,
            self.cache,
            reconciler,
            Metrics(self.registry),
            namespaces,
            concurrency=2,
            resync=resync,
        )
        return self.controller

    def due(self) -> set[IndexKey]:
        """Keys that wait; they are forgotten then."""
        keys = set(self.controller.queue._due)
        self.controller.queue._due.clear()
        return keys


def note(stage: Stage, kind: Kind, body: dict[str, Any], event: str | None = "MODIFIED") -> None:
    """As the framework tells of an event."""
    stage.controller.note(kind, event, body)


def indexed(version: int, name: str = "docs", **meta: Any) -> dict[str, Any]:
    """An index at a version of the API server's."""
    spec, status = meta.pop("spec", None), meta.pop("status", None)
    given = {"uid": f"uid-of-{name}", **meta}
    return index_body(spec, status, name=name, resourceVersion=str(version), **given)

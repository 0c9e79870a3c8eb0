"""Snapshots that nobody made, for tests of HTTP alone."""

from collections.abc import Sequence
from datetime import UTC, datetime

from embedding_service.retrieval.requests import SnapshotFacts
from embedding_service.retrieval.snapshots import Snapshots

FACTS = SnapshotFacts("s1", datetime(2026, 5, 4, tzinfo=UTC), version=7, count=3, size=100)


class FakeSnapshots(Snapshots):
    """Always the same one, and one that cannot be read."""

    def __init__(self) -> None:  # without an archive
        pass

    async def all(self, name: str) -> Sequence[SnapshotFacts]:
        return [FACTS, SnapshotFacts(id=None, fault="damaged")]

    async def describe(self, name: str, id: str) -> SnapshotFacts:  # noqa: A002
        return FACTS

    async def verify(self, name: str, id: str) -> Sequence[str]:  # noqa: A002
        return []

    async def drop(self, name: str, id: str) -> None:  # noqa: A002
        pass

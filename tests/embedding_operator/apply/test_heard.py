"""What was written is heard before it is watched."""

import pytest

from embedding_indexes import NAMESPACE, index_body
from embedding_operator.apply.heard import HeardCluster
from embedding_operator.names import CONFIG_MAPS, EVENTS, INDEXES, Kind
from embedding_operator.resources.objects import Manifest
from fake_cluster import FakeCluster

NOTE = {"metadata": {"namespace": NAMESPACE, "name": "note"}}


class Ear:
    """A cluster with one index, and what was heard of it."""

    def __init__(self) -> None:
        self.heard: list[Kind] = []
        self.there = FakeCluster()
        self.index = self.there.add(INDEXES, index_body())
        self.cluster = HeardCluster(self.there, self.hear)

    def hear(self, kind: Kind, body: Manifest) -> None:
        assert body["metadata"]["resourceVersion"] == str(self.there._version)
        self.heard.append(kind)


@pytest.fixture
def ear() -> Ear:
    return Ear()


async def test_each_write_is_heard_as_it_is_then(ear: Ear) -> None:
    await ear.cluster.apply(CONFIG_MAPS, NOTE, "m")
    await ear.cluster.create(CONFIG_MAPS, {"metadata": {**NOTE["metadata"], "name": "b"}}, "m")
    await ear.cluster.apply_status(INDEXES, {**ear.index, "status": {"phase": "x"}}, "m")
    metadata = ear.there.objects[INDEXES, NAMESPACE, "docs"]["metadata"]
    await ear.cluster.patch(INDEXES, NAMESPACE, "docs", {"metadata": metadata})
    assert ear.heard == [CONFIG_MAPS, CONFIG_MAPS, INDEXES, INDEXES]


async def test_what_nobody_watches_and_what_is_only_read_is_not_heard(ear: Ear) -> None:
    await ear.cluster.create(EVENTS, NOTE, "m")
    await ear.cluster.get(EVENTS, NAMESPACE, "note")
    assert [each async for each in ear.cluster.list(EVENTS, NAMESPACE)] == ear.there.of(EVENTS)
    await ear.cluster.delete(INDEXES, NAMESPACE, "docs", ear.index["metadata"]["uid"])
    assert (ear.heard, ear.there.of(INDEXES)) == ([], [])

"""Of several installations one has an index, until it is handed over."""

import pytest

from embedding_indexes import SHARED
from embedding_operator.errors import Conflicting
from embedding_operator.names import DEPLOYMENTS, INDEXES
from small_town import DOCS, Town


@pytest.fixture
def town() -> Town:
    return Town()


async def test_an_index_of_another_installation_is_left(town: Town) -> None:
    town.build()
    await town.settle()
    other = Town(town.cluster, town.pods, operator="other/main")
    other.cache = town.cache
    other.restart()
    town.cluster.writes.clear()
    assert await other.turn() is None
    assert town.cluster.writes == []
    labels, ready = {"namespace": DOCS[0], "name": DOCS[1]}, "embedding_index_ready_replicas"
    assert other.registry.get_sample_value("embedding_index_left", labels) == 1
    assert other.registry.get_sample_value(ready, labels) is None
    assert town.registry.get_sample_value("embedding_index_left", labels) is None
    assert town.registry.get_sample_value(ready, labels) == 1


async def test_what_an_earlier_installation_said_and_the_next_does_not_is_gone(town: Town) -> None:
    scaled = {**SHARED, "autoscaling": {"max": 3, "targets": {"inFlight": 8}}}
    town.build({**scaled, "podTemplate": {"nodeSelector": {"disk": "fast"}}})
    await town.settle()
    index = town.cluster.objects[INDEXES, *DOCS]
    del index["status"]["operator"]
    town.cluster.add(INDEXES, index)
    town.build(SHARED)
    town.operator = "next/main"
    town.restart()
    await town.settle()
    assert town.status["operator"] == "next/main"
    assert "autoscaling" not in town.status
    deployment = town.cluster.objects[DEPLOYMENTS, *DOCS]
    assert "nodeSelector" not in deployment["spec"]["template"]["spec"]
    town.cluster.writes.clear()
    await town.turn(after=60)
    assert town.cluster.writes == []


async def test_of_two_that_claim_at_once_one_has_it(town: Town) -> None:
    town.build()
    other = Town(town.cluster, town.pods, operator="other/main")
    town.cluster.watcher = None  # neither sees the other's claim
    town.build()
    for each in (town, other):
        each.cache.put(INDEXES, town.cluster.objects[INDEXES, *DOCS])
    await town.turn()
    await other.turn()
    assert town.cluster.objects[INDEXES, *DOCS]["status"]["operator"] == "system/main"
    assert ("status", "EmbeddingIndex", "docs") in town.cluster.writes


async def test_a_claim_that_is_in_vain_is_tried_again_until_its_owner_is_seen(town: Town) -> None:
    town.cluster.refuse = lambda verb, *_: Conflicting("409", 409) if verb == "status" else None
    town.build()
    assert await town.turn() == 5
    town.cluster.refuse = lambda *_: None
    await town.settle()
    assert town.told() == ("True", "AsExpected")

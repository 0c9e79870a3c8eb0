"""When an index is looked at again, though nothing is told of it."""

from dataclasses import replace

import pytest

from embedding_indexes import SETTING, a_snapshot
from embedding_operator.observe.pods import Trouble
from embedding_operator.reasons import Reason
from embedding_operator.reports import Job
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from observed import LOST, a_job, an_outage
from plan_passes import DONE, SCALED, SPECS, World

UNWILLING = Trouble(Reason.SNAPSHOT_LOAD_FAILED, "bootstrap: 10.0.0.1 answered 404: none")


@pytest.mark.parametrize(
    ("world", "seconds"),
    [
        (World(), 2),
        (World(snapshots=(a_snapshot(),)), 2),
        (World(SCALED), 2),
        (World({**SPECS["filled"]}), 2),
    ],
)
def test_what_changes_is_looked_at_soon(world: World, seconds: int) -> None:
    assert world.plan().requeue_after == seconds


@pytest.mark.parametrize(("name", "seconds"), [("minimal", 60), ("scaled", 5)])
def test_what_rests_is_looked_at_later(name: str, seconds: int) -> None:
    assert World(SPECS[name]).settle().requeue_after == seconds


def test_what_has_become_ready_is_looked_at_soon_for_it_may_take_its_aliases() -> None:
    world = World()
    world.settle()
    (ready,) = [each for each in world.status["conditions"] if each["type"] == "Ready"]
    ready["status"] = "False"
    assert world.plan().requeue_after == 2
    ready["status"] = "True"
    world.status["phase"] = "Degraded"  # which is for people only
    assert world.plan().requeue_after == 60


@pytest.mark.parametrize(
    ("source", "unwilling", "filling", "seconds", "is_told"),
    [
        (None, (), None, 60, True),
        (a_snapshot("docs-1", "Failed"), (), None, 60, True),
        (a_snapshot("docs-1", "Running"), (), None, 2, False),
        (DONE, (), None, 2, False),
        (DONE, (UNWILLING,), None, 60, True),
        (DONE, (), a_job("running"), 2, False),
        (DONE, (), LOST, 2, False),
        (DONE, (), an_outage(), 2, True),
        (DONE, (), a_job("failed", "checksum differs"), 60, True),
    ],
)
def test_an_index_that_cannot_be_filled_waits_for_news_and_says_why(
    source: EmbeddingIndexSnapshot | None,
    unwilling: tuple[Trouble, ...],
    filling: Job | None,
    seconds: int,
    is_told: bool,
) -> None:
    setting = replace(SETTING, unwilling=unwilling)
    world = World(SPECS["filled"], setting=setting, source=source, filling=filling)
    assert world.settle().requeue_after == seconds
    assert world.told()["Ready"] == ("False", "Bootstrapping")
    assert (world.told()["Degraded"][0] == "True") is is_told

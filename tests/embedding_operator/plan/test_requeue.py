"""When an index is looked at again, though nothing is told of it."""

import pytest

from embedding_indexes import a_snapshot
from plan_passes import SCALED, SPECS, World


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

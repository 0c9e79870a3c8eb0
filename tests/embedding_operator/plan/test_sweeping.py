"""Jobs that sweep an index without pods: made when something is to go, kept, and made no more."""

from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NOW, SHARED, a_snapshot
from embedding_operator.names import DEPLOYMENTS, JOBS
from embedding_operator.observe.observation import ChildKey
from embedding_operator.plan.plan import plan
from embedding_operator.plan.sweeping import find_sweeper
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.times import write_time
from observed import a_job_status, a_pod, observe
from plan_passes import World

ONE, TWO = (JOBS, "docs-sweep"), (JOBS, "docs-sweep-again")
ZERO: dict[str, Any] = {"replicas": 0}
MINUTES = timedelta(minutes=3)
HOURS = timedelta(hours=8)


def snapshots(*ids: str) -> tuple[EmbeddingIndexSnapshot, ...]:
    return tuple(a_snapshot(f"docs-{each}", "Completed", snapshotId=each) for each in ids)


def at_rest(spec: dict[str, Any] | None = None, *ids: str) -> World:
    """An index that has served, and is at zero for minutes."""
    world = World({**(spec or {}), "replicas": 1}, snapshots=snapshots(*(ids or ("1", "2"))))
    world.settle()
    world.spec = {**(spec or {}), **ZERO}
    world.settle()
    world.now += MINUTES
    return world


def jobs(world: World) -> list[ChildKey]:
    return sorted((key for key in world.live if key[0] is JOBS), key=lambda key: key[1])


def arguments(world: World, key: ChildKey = ONE) -> list[str]:
    (container,) = world.live[key]["spec"]["template"]["spec"]["containers"]
    told: list[str] = container["args"]
    return told


def end(world: World, key: ChildKey, how: str) -> None:
    world.live[key] = {**world.live[key], "status": a_job_status(how, world.now)}


def run_on(world: World) -> None:
    """As a Job that has not ended."""
    for key in jobs(world):
        world.live[key] = {**world.live[key], "status": {"active": 1}}


def test_a_job_sweeps_what_is_not_held_and_stays() -> None:
    world = at_rest()
    planned = world.turn()
    assert [child.key for child in planned.changes.applied] == [ONE]
    made = ["--made-by", write_time(world.now)]
    assert arguments(world) == ["index", "sweep", *made, "1", "2"]
    for _ in range(3):
        assert world.turn(after=timedelta(minutes=1)).changes.applied == ()
    assert jobs(world) == [ONE]
    assert world.told()["Degraded"] == ("False", "AsExpected")


def test_files_of_dropped_snapshots_go_hours_later_once() -> None:
    world = at_rest()
    world.turn()
    end(world, ONE, "Complete")
    world.turn(after=HOURS)
    assert jobs(world) == [ONE, TWO]
    end(world, TWO, "Complete")
    for _ in range(3):
        planned = world.turn(after=HOURS)
        assert (planned.changes.applied, planned.changes.removed) == ((), ())


def test_another_list_is_another_job() -> None:
    world = at_rest()
    world.turn()
    world.turn(after=HOURS)
    world.snapshots = snapshots("2")
    planned = world.turn()
    assert planned.changes.applied == ()
    assert jobs(world) == []
    world.turn()
    assert jobs(world) == [ONE]
    assert arguments(world)[-1:] == ["2"]


def test_when_all_objects_are_gone_everything_goes_that_is_not_the_newest() -> None:
    world = at_rest()
    world.snapshots = ()
    world.settle()
    assert arguments(world)[-2:] == ["--made-by", write_time(world.now)]


def test_an_index_that_wakes_has_no_job() -> None:
    world = at_rest()
    world.turn()
    world.spec = {"replicas": 1}
    planned = world.turn()
    assert jobs(world) == []
    assert [child.kind for child in planned.changes.applied] == [DEPLOYMENTS]


@pytest.mark.parametrize(
    "spec",
    [
        {"replicas": 1},
        {**SHARED, "replicas": 1},
        {"replicas": 0, "paused": True},
        {"database": SHARED["database"], "replicas": 0},  # its snapshots have ended with its pods
    ],
)
def test_others_have_none(spec: dict[str, Any]) -> None:
    world = World(spec, snapshots=snapshots("1"))
    world.settle()
    world.turn(after=MINUTES)
    assert jobs(world) == []


def test_an_index_that_never_had_a_snapshot_has_none() -> None:
    world = World(ZERO)
    world.settle()
    world.turn(after=MINUTES)
    assert jobs(world) == []


def test_one_that_has_just_come_to_rest_waits() -> None:
    world = at_rest()
    world.now -= MINUTES
    world.turn()
    assert jobs(world) == []


def test_pods_that_still_end_are_waited_for() -> None:
    world = at_rest()
    seen = observe(
        world.index,
        [a_pod(is_leaving=True)],
        now=world.now,
        children=world.live,
        snapshots=world.snapshots,
    )
    assert plan(seen, world.setting).changes.applied == ()


def test_in_a_namespace_that_goes_there_is_none() -> None:
    world = at_rest()
    seen = observe(
        world.index,
        now=world.now,
        children=world.live,
        snapshots=(),
        is_namespace_ending=True,
    )
    assert plan(seen, world.setting).changes.applied == ()


def test_a_job_that_fails_is_told_until_another_has_not() -> None:
    world = at_rest()
    world.turn()
    end(world, ONE, "Failed")
    planned = world.turn()
    assert world.told()["Degraded"] == ("True", "SweepFailed")
    assert [event.reason for event in planned.events] == ["SweepFailed"]
    before = world.index.status
    for after in (timedelta(hours=2), MINUTES, MINUTES):  # it goes, comes again, and runs
        assert world.turn(after=after).events == ()
        run_on(world)
        assert world.index.status == before
    assert jobs(world) == [ONE]
    end(world, ONE, "Complete")
    world.turn()
    assert world.told()["Degraded"] == ("False", "AsExpected")


def test_a_job_of_another_is_not_taken() -> None:
    world = at_rest()
    world.live[ONE] = {"metadata": {"name": "docs-sweep", "labels": {}}}
    planned = world.turn()
    assert planned.changes.foreign == (ONE,)
    assert world.told()["SpecAccepted"] == ("False", "NameTaken")


def test_an_index_that_is_deleted_has_none_in_the_way_of_its_last_pod() -> None:
    world = at_rest({**SHARED, "deletionPolicy": "Delete"})
    world.turn()
    assert jobs(world) == [ONE]
    world.meta = {"deletionTimestamp": write_time(NOW)}
    world.turn()
    assert jobs(world) == []


def test_of_ready_pods_the_first_sweeps() -> None:
    pods = [a_pod("c"), a_pod("b"), a_pod("a", is_leaving=True), a_pod("d", is_ready=False)]
    found = find_sweeper(observe(pods=pods))
    assert found is not None
    assert found.name == "b"
    assert find_sweeper(observe(pods=pods[2:])) is None

"""What goes on of an index that is not changed, because of a fault or because it is paused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import SETTING, a_snapshot
from embedding_operator.children.environment import ADMIN_KEYS, ALIASES
from embedding_operator.names import CONFIG_MAPS
from embedding_operator.plan.actions import (
    CreateSnapshot,
    DeleteSnapshot,
    StartSnapshot,
    UpdateSnapshot,
)
from embedding_operator.plan.children import Changes
from observed import a_job
from plan_passes import World, is_still

SCHEDULED = {"snapshots": {"schedule": "*/5 * * * *", "retention": {"count": 1}}}
FAULT: dict[str, Any] = {"replicas": 3}
BAD_SCHEDULE = {"snapshots": {"schedule": "a b c d e", "retention": {"count": 1}}}
EXPIRE = {"retention": "Expire"}
PAUSED: dict[str, Any] = {"paused": True}
EACH = pytest.mark.parametrize("change", [FAULT, PAUSED], ids=["faulty", "paused"])


def settled(spec: dict[str, Any] | None = None) -> World:
    """An index that serves."""
    world = World(SCHEDULED if spec is None else spec)
    world.settle()
    return world


def change(world: World, changed: dict[str, Any]) -> None:
    world.spec, world.meta = {**world.spec, **changed}, {"generation": 2}


def test_what_runs_on_with_a_fault_is_backed_up() -> None:
    world = settled()
    change(world, FAULT)
    planned = world.turn(after=timedelta(minutes=5))
    (made,) = planned.snapshots
    assert isinstance(made, CreateSnapshot)
    assert planned.changes == Changes()
    assert world.told()["SpecAccepted"][0] == "False"
    world.snapshots = (a_snapshot(made.name),)
    started = world.turn()
    assert isinstance(started.snapshots[0], StartSnapshot)
    assert started.requeue_after == 2
    assert not any(isinstance(each, CreateSnapshot) for each in started.snapshots)


@pytest.mark.parametrize("fault", [FAULT, BAD_SCHEDULE], ids=["faulty", "bad schedule"])
def test_snapshots_that_were_begun_are_ended_and_old_ones_go_with_a_fault(
    fault: dict[str, Any],
) -> None:
    world = settled()
    change(world, fault)
    old = [a_snapshot(f"s-{days}", "Completed", spec=EXPIRE, age=timedelta(days=days))
           for days in (9, 8)]  # fmt: skip
    world.snapshots = (*old, a_snapshot("s-2", "Running"))
    world.jobs = {"uid-of-s-2": a_job("succeeded", id="3", count=3)}
    told = [type(each) for each in world.turn().snapshots if not isinstance(each, CreateSnapshot)]
    assert told == [UpdateSnapshot, DeleteSnapshot]


def test_with_a_schedule_that_cannot_be_read_none_is_made() -> None:
    world = settled()
    change(world, BAD_SCHEDULE)
    assert world.turn(after=timedelta(minutes=5)).snapshots == ()
    assert world.told()["SpecAccepted"] == ("False", "ScheduleInvalid")


def test_an_index_that_was_never_accepted_has_nothing_to_be_backed_up() -> None:
    world = World({**SCHEDULED, **FAULT})
    assert is_still(world.turn(after=timedelta(minutes=5)))
    assert "SnapshotHealthy" not in world.told()


@EACH
def test_snapshots_that_are_too_old_are_told(change: dict[str, Any]) -> None:
    world = settled()
    world.spec = {**SCHEDULED, **change}
    world.snapshots = (a_snapshot("s-1", "Completed", age=timedelta(hours=1)),)
    world.turn()
    assert world.told()["SnapshotHealthy"] == ("False", "Stale")


def test_a_paused_index_makes_no_snapshot() -> None:
    world = settled()
    world.snapshots = (a_snapshot("s-1"),)
    change(world, PAUSED)
    planned = world.turn(after=timedelta(minutes=5))
    assert planned.snapshots == ()
    assert planned.requeue_after == 60


@EACH
def test_our_keys_are_kept_fresh_and_nothing_else_that_pods_read(change: dict[str, Any]) -> None:
    world = settled({"aliases": ["live"]})
    world.spec = {"aliases": ["another"], **change}
    assert is_still(world.plan())
    world.setting = replace(SETTING, operator_keys='{"keys": ["new"]}')
    planned = world.turn()
    assert [child.key for child in planned.changes.applied] == [(CONFIG_MAPS, "docs-orders")]
    assert planned.changes.drifted == ()
    data = world.live[CONFIG_MAPS, "docs-orders"]["data"]
    assert (data[ADMIN_KEYS], data[ALIASES]) == ('{"keys": ["new"]}', "live")
    assert is_still(world.turn())
    world.spec = {"aliases": ["another"]}
    assert is_still(world.settle())
    assert world.live[CONFIG_MAPS, "docs-orders"]["data"][ALIASES] == "another"


@EACH
def test_keys_of_another_indexs_pods_are_not_touched(change: dict[str, Any]) -> None:
    world = settled({})
    world.live[CONFIG_MAPS, "docs-orders"]["metadata"]["ownerReferences"] = [
        {"uid": "another", "controller": True}
    ]
    world.spec = change
    world.setting = replace(SETTING, operator_keys='{"keys": ["new"]}')
    assert world.turn().changes.applied == ()
    del world.live[CONFIG_MAPS, "docs-orders"]
    assert world.turn().changes.applied == ()

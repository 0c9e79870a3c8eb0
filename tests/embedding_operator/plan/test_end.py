"""What the passes over an index decide from the moment that it is deleted."""

from dataclasses import replace
from typing import Any

import pytest

from embedding_indexes import NOW, SETTING, SHARED, a_snapshot
from embedding_operator.names import CONFIG_MAPS, DEPLOYMENTS
from embedding_operator.plan.actions import CreateSnapshot, StartSnapshot
from embedding_operator.plan.children import Changes
from embedding_operator.resources.times import write_time
from observed import a_job
from plan_passes import FAULTY, SPECS, World

ENDING = {"deletionTimestamp": write_time(NOW)}


def test_the_end_of_an_index_goes_step_by_step() -> None:
    world = World(SPECS["deleting"])
    world.settle()
    world.meta = ENDING
    first = world.turn()
    assert first.deletion is not None
    assert first.deletion.snapshot is not None
    assert (first.changes, world.index.status.phase) == (Changes(), "Deleting")
    assert world.told()["Progressing"] == ("True", "Snapshotting")
    world.snapshots = (a_snapshot(first.deletion.snapshot),)
    assert isinstance(world.turn().snapshots[0], StartSnapshot)
    world.snapshots = (a_snapshot(first.deletion.snapshot, "Completed"),)
    purge = world.turn().deletion
    assert world.told()["Progressing"][1] != "Snapshotting"
    assert purge is not None
    assert purge.purge is not None
    world.purge = a_job("succeeded")
    last = world.turn().deletion
    assert last is not None
    assert last.is_done


def test_at_its_end_an_index_has_our_keys_and_a_pod_that_can_remove_its_data() -> None:
    world = World({**SHARED, "deletionPolicy": "Delete"})
    world.settle()
    world.meta = ENDING
    world.setting = replace(SETTING, operator_keys='{"keys": ["new"]}')
    assert [child.kind for child in world.turn().changes.applied] == [CONFIG_MAPS]
    del world.live[DEPLOYMENTS, "docs"]
    (child,) = world.turn().changes.applied
    assert (child.kind, child.manifest["spec"]["replicas"]) == (DEPLOYMENTS, 1)


def test_why_an_end_does_not_come_is_told_and_it_is_looked_at_more_seldom() -> None:
    world = World({**SHARED, "deletionPolicy": "Delete"})
    world.settle()
    world.meta = ENDING
    assert world.turn().requeue_after == 2
    world.purge = a_job("failed", "bucket: 403")
    assert world.turn().requeue_after == 30
    assert world.told()["Degraded"] == ("True", "PurgeFailed")
    assert "bucket: 403" in (world.index.status.message or "")
    world.purge = None
    world.setting = replace(SETTING, refusals={(DEPLOYMENTS, "docs"): "quota"})
    world.turn()
    assert world.told()["Degraded"] == ("True", "ChildRefused")


@pytest.mark.parametrize("spec", FAULTY.values(), ids=FAULTY)
def test_a_faulty_index_can_be_deleted(spec: dict[str, Any]) -> None:
    world = World({**spec, "deletionPolicy": "Delete"})
    world.meta = ENDING
    deletion = world.turn().deletion
    assert deletion is not None
    assert deletion.is_done


def test_an_index_that_is_being_deleted_makes_no_slot() -> None:
    world = World(SPECS["scheduled"], meta=ENDING)
    planned = world.turn()
    assert not any(isinstance(each, CreateSnapshot) for each in planned.snapshots)
    facts = planned.status.snapshots
    assert facts is None or facts.next_time is None

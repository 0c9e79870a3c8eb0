"""What one pass decides, and that a plan that came true is the last."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import SETTING, SHARED, UID, a_snapshot, an_index
from embedding_operator.names import CLAIMS, DEPLOYMENTS, INGRESSES, SERVICES
from embedding_operator.observe.observation import Claims
from embedding_operator.plan.actions import Event
from embedding_operator.plan.children import Changes
from embedding_operator.plan.plan import name_children
from embedding_operator.plan.renewal import Renewal
from observed import a_job, a_report
from plan_passes import DONE, FAULTY, SPECS, World, is_still

EVERY = pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
EVERY_FAULT = pytest.mark.parametrize("spec", FAULTY.values(), ids=FAULTY)


@EVERY
def test_a_plan_that_came_true_is_the_last(spec: dict[str, Any]) -> None:
    world = World(spec, source=DONE, filling=a_job("succeeded"))
    first = world.turn()
    assert first.changes.applied
    planned = world.settle()
    assert is_still(planned)
    assert (planned.events, planned.deletion, planned.renewal) == ((), None, Renewal())
    assert planned.status == world.index.status
    assert world.told()["Ready"][0] == "True"
    assert world.told()["Progressing"] == ("False", "UpToDate")


@pytest.mark.parametrize("name", [each for each in SPECS if each != "scheduled"])
def test_a_steady_index_is_told_nothing_new_while_time_passes(name: str) -> None:
    world = World(SPECS[name], source=DONE, filling=a_job("succeeded"), report=a_report(load={
        "in_flight": 8}))  # fmt: skip
    world.settle()
    world.snapshots = (DONE,)
    world.settle()
    world.turn(after=timedelta(minutes=3))  # without pods it is swept
    before = world.index.status
    for _ in range(12):
        planned = world.turn(after=timedelta(minutes=1))
        assert is_still(planned)
        assert planned.events == ()
        assert planned.status == before


@EVERY
def test_a_paused_index_is_told_of_and_not_changed(spec: dict[str, Any]) -> None:
    world = World({**spec, "paused": True}, source=DONE)
    planned = world.turn()
    assert is_still(planned)
    assert world.told()["Progressing"] == ("False", "Paused")
    assert world.index.status.phase == "Paused"
    assert world.index.status.resolved is None


@EVERY_FAULT
def test_a_faulty_spec_changes_nothing_and_is_no_reason_to_hurry(spec: dict[str, Any]) -> None:
    world = World(spec, source=DONE)
    planned = world.turn()
    assert is_still(planned)
    assert world.told()["SpecAccepted"][0] == "False"
    assert world.index.status.phase == "Failed"
    assert planned.requeue_after >= 60


@EVERY_FAULT
def test_with_a_faulty_change_the_last_good_runs_on(spec: dict[str, Any]) -> None:
    world = World()
    world.settle()
    live = dict(world.live)
    world.spec, world.meta = spec, {"generation": 2}
    planned = world.turn()
    assert is_still(planned)
    assert world.live == live
    assert planned.status.observed_generation == 2
    assert planned.status.resolved is not None
    world.spec = {}
    assert is_still(world.settle())
    assert world.told()["SpecAccepted"] == ("True", "Accepted")


@pytest.mark.parametrize("change", [{"paused": True}, {"replicas": 3}])
def test_while_it_is_still_an_index_keeps_what_has_to_outlive(change: dict[str, Any]) -> None:
    world = World(SPECS["scheduled"])
    world.settle()
    slot = world.index.status.snapshots and world.index.status.snapshots.last_slot
    assert slot is not None
    world.spec = {**world.spec, **change}
    world.turn()
    world.spec = SPECS["scheduled"]
    assert world.turn().snapshots == ()


@pytest.mark.parametrize(
    ("spec", "change"),
    [
        ({**SHARED, "replicas": 1}, {"replicas": 4}),
        ({}, {"podTemplate": {"labels": {"a": "b"}}}),
        (SPECS["ingress"], {"aliases": []}),
        (SPECS["ingress"], {"ingress": None}),
        ({**SHARED, "replicas": 3}, {"replicas": 0}),
    ],
)
def test_a_change_comes_true_and_leaves_nothing_behind(
    spec: dict[str, Any], change: dict[str, Any]
) -> None:
    world = World(spec)
    world.settle()
    world.spec = {**spec, **change}
    assert world.turn().changes != Changes()
    assert is_still(world.settle())
    fresh = World(world.spec)
    fresh.settle()
    assert set(world.live) == set(fresh.live)


def test_a_change_of_the_pods_is_told_by_the_pass_that_makes_it() -> None:
    world = World()
    world.settle()
    world.spec, world.meta = {"podTemplate": {"labels": {"a": "b"}}}, {"generation": 2}
    assert world.turn().status.observed_generation == 2
    assert world.told()["Progressing"] == ("True", "RollingOut")


def test_a_change_that_was_refused_is_no_rollout() -> None:
    world = World()
    world.settle()
    world.setting = replace(SETTING, refusals={(DEPLOYMENTS, "docs"): "quota"})
    world.spec = {"podTemplate": {"labels": {"a": "b"}}}
    world.turn()
    assert world.told()["Progressing"] == ("False", "ChildRefused")


def test_drift_is_put_back_and_told() -> None:
    world = World()
    world.settle()
    del world.live[SERVICES, "docs"]["spec"]["ports"][0]["targetPort"]
    planned = world.turn()
    assert planned.events == (
        Event("DriftCorrected", "Service docs was changed by somebody and is put back"),
    )
    assert is_still(world.plan())


def test_a_foreign_object_is_told_and_nothing_is_changed() -> None:
    world = World()
    world.settle()
    world.live[CLAIMS, "docs-data"]["metadata"]["labels"] = {}
    world.spec = {"podTemplate": {"labels": {"a": "b"}}}
    planned = world.turn()
    assert planned.changes == Changes(foreign=((CLAIMS, "docs-data"),))
    assert world.told()["SpecAccepted"] == ("False", "NameTaken")


@pytest.mark.parametrize(
    ("claims", "reason"),
    [
        (Claims(paths={"/api/v1/indexes/docs": "others/docs"}), "PathTaken"),
        (Claims(names={"live": "it is a name"}), "NameTaken"),
    ],
)
def test_what_another_index_has_is_told(claims: Claims, reason: str) -> None:
    world = World(SPECS["ingress"], claims=claims)
    assert is_still(world.turn())
    assert world.told()["SpecAccepted"] == ("False", reason)


def test_defaults_are_read_once() -> None:
    world = World()
    world.settle()
    defaults = SETTING.defaults.model_copy(update={"model": "another"})
    world.setting = replace(SETTING, defaults=defaults)
    assert is_still(world.plan())


def test_an_index_is_not_reached_before_it_is_filled() -> None:
    world = World({**SPECS["filled"], "ingress": {"host": "a.b"}, "auth": {"mode": "None"}})
    world.turn()
    assert world.told()["Degraded"] == ("True", "SnapshotNotFound")
    world.source = DONE
    planned = world.turn()
    assert planned.bootstrap.source is not None
    assert not {SERVICES, INGRESSES} & {kind for kind, _ in world.live}
    assert world.told()["Ready"] == ("False", "Bootstrapping")
    world.filling = a_job("succeeded")
    world.settle()
    assert {SERVICES, INGRESSES} <= {kind for kind, _ in world.live}
    assert world.index.status.bootstrap is not None


def test_what_the_api_server_refused_is_told() -> None:
    refusals = {(SERVICES, "docs"): "quota exceeded"}
    world = World(setting=replace(SETTING, refusals=refusals))
    world.turn()
    assert world.told()["Degraded"] == ("True", "ChildRefused")


def test_three_snapshots_that_fail_in_a_row_are_told_with_the_last_error() -> None:
    failed = tuple(a_snapshot(f"s-{place}", "Failed", error=f"e{place}") for place in range(3))
    world = World(snapshots=(*failed, a_snapshot("s-4", "Pending")))
    world.settle()
    assert world.told()["Degraded"] == ("True", "SnapshotFailing")
    assert "e2" in (world.index.status.message or "")


def test_children_are_looked_for_under_all_their_names() -> None:
    index = an_index({**SPECS["ingress"], **SPECS["filled"]})
    named = name_children(index, SETTING)
    assert {(SERVICES, "live"), (SERVICES, "docs"), (INGRESSES, "live")} <= set(named)


def test_an_index_that_is_scaled_to_zero_lacks_no_snapshots() -> None:
    made = a_snapshot("docs-1", "Completed", age=timedelta(hours=3), indexUid=UID)
    world = World({**SPECS["scheduled"], "replicas": 0}, snapshots=(made,))
    world.settle()
    planned = world.turn(after=timedelta(hours=1))
    assert not planned.snapshots
    assert world.told()["SnapshotHealthy"] == ("True", "LastSnapshotSucceeded")
    assert planned.status.snapshots is not None
    assert planned.status.snapshots.next_time is None

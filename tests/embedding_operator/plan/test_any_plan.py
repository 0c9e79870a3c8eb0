"""Whatever is seen there is a plan, and whatever was there plans come to rest."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import NOW, UID, a_snapshot
from embedding_operator.resources.status import IndexStatus
from embedding_operator.resources.times import write_time
from observed import a_job, a_report
from plan_passes import DONE, FAULTY, SPECS, World, is_still

REPORTS = st.sampled_from(
    [
        a_report(),
        a_report(index=None),
        a_report(database={"reachable": False}),
        a_report(encoder={"serving": False, "is_fallback": True}),
        a_report(load={"in_flight": 10**9, "cores": 3.5}, snapshot={"fault": "x"}),
    ]
)
SNAPSHOTS = st.lists(
    st.builds(
        lambda phase, age, place: a_snapshot(f"s-{place}", phase, age=timedelta(minutes=age)),
        st.sampled_from([None, "Pending", "Running", "Completed", "Failed"]),
        st.integers(0, 3000),
        st.integers(0, 9),
    ),
    max_size=4,
)
JOBS = st.none() | st.builds(
    a_job, st.sampled_from(["queued", "running", "succeeded", "failed", "cancelled"])
)
ANY_SPEC = st.sampled_from([*SPECS.values(), *FAULTY.values()])
WORLDS = st.builds(
    World,
    spec=st.builds(lambda a, b, paused: {**a, **b, "paused": paused}, ANY_SPEC, ANY_SPEC,
                   st.booleans()),
    status=st.sampled_from([{}, {"autoscaling": {"desired": 9}}, {"resolved": {}},
                            {"snapshots": {"lastSlot": "2027-01-01T00:00:00Z"}}]),
    meta=st.sampled_from([{}, {"deletionTimestamp": write_time(NOW)}]),
    snapshots=st.builds(tuple, SNAPSHOTS),
    source=st.none() | st.just(DONE),
    filling=JOBS,
    report=REPORTS,
    now=st.sampled_from([NOW, NOW - timedelta(days=9), NOW + timedelta(days=400)]),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(world=WORLDS, others=ANY_SPEC, is_foreign=st.booleans())
def test_whatever_is_seen_there_is_a_plan_and_the_same_one_each_time(
    world: World, others: dict[str, Any], is_foreign: bool
) -> None:
    before = World(others, meta={"uid": "another" if is_foreign else UID})
    before.turn()
    world.live = before.live
    planned = world.plan()
    assert planned == world.plan()
    told = planned.status.model_dump(by_alias=True, exclude_none=True, mode="json")
    assert IndexStatus.model_validate(told) == planned.status
    types = [each.type for each in planned.status.conditions or ()]
    assert len(types) == len(set(types)) >= 5
    assert planned.requeue_after > 0
    if world.index.spec.paused and world.index.meta.deleted is None:
        assert is_still(replace(planned, changes=replace(planned.changes, foreign=())))


@settings(max_examples=60, deadline=None)
@given(world=WORLDS, others=ANY_SPEC)
def test_whatever_was_there_plans_come_to_rest(world: World, others: dict[str, Any]) -> None:
    world.meta, world.snapshots, world.now = {}, (), NOW
    world.source, world.filling = DONE, a_job("succeeded")
    before = World(others)
    before.settle()
    world.live = before.live
    planned = world.settle()
    assert is_still(planned)
    assert planned.events == ()
    assert planned.status == world.index.status

"""Passes over an index, from what is observed to what is written."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import NAMESPACE, SHARED, index_body
from embedding_operator.errors import Conflicting, OperatorError, Unavailable
from embedding_operator.names import (
    EVENTS,
    INDEXES,
    SERVICES,
    SNAPSHOTS,
    Kind,
)
from embedding_operator.resources.times import write_time
from fake_cluster import ours
from small_town import DOCS, Town


@pytest.fixture
def town() -> Town:
    return Town()


async def test_an_index_is_claimed_made_and_told_of(town: Town) -> None:
    town.build()
    await town.settle()
    made = {(kind.kind, name) for kind, _, name in town.cluster.objects}
    assert {("Deployment", "docs"), ("Service", "docs"), ("NetworkPolicy", "docs")} <= made
    assert (town.told(), town.status["operator"]) == (("True", "AsExpected"), "system/main")
    assert town.status["phase"] == "Running"


async def test_a_steady_index_is_not_written_to(town: Town) -> None:
    town.build({**SHARED, "replicas": 2})
    await town.settle()
    town.cluster.writes.clear()
    for _ in range(5):
        assert await town.turn(after=60) == 60
    assert town.cluster.writes == []


async def test_an_operator_that_starts_anew_writes_nothing(town: Town) -> None:
    town.build()
    await town.settle()
    town.cluster.writes.clear()
    town.restart()
    await town.settle()
    assert town.cluster.writes == []


async def test_reports_are_asked_for_seldom_where_nothing_changes(town: Town) -> None:
    town.build()
    await town.settle()
    before = town.pods.reports
    for _ in range(10):
        await town.turn(after=2)
    assert town.pods.reports == before
    await town.turn(after=60)
    assert town.pods.reports == before + 1


async def test_an_index_that_is_gone_is_forgotten(town: Town) -> None:
    town.build()
    await town.settle()
    town.cache.drop(INDEXES, town.cluster.objects[INDEXES, *DOCS])
    assert await town.turn() is None
    assert town.reconciler._memories == {}


async def test_an_index_that_cannot_be_read_says_so_once(town: Town) -> None:
    town.build({"replicas": "many"})
    for _ in range(3):
        assert await town.turn() is None
    assert town.told("SpecAccepted") == ("False", "NotSupported")
    assert town.told() == ("False", "SpecInvalid")
    assert town.status["phase"] == "Failed"
    assert "spec.replicas: Input should be a valid integer" in town.status["message"]
    assert [write for write in town.cluster.writes if write[0] == "status"] == [
        ("status", "EmbeddingIndex", "docs"),  # the claim
        ("status", "EmbeddingIndex", "docs"),
    ]
    assert [event["reason"] for event in town.cluster.of(EVENTS)] == ["NotSupported"]


async def test_an_index_that_cannot_be_read_any_more_keeps_what_was_told(town: Town) -> None:
    town.build()
    await town.settle()
    before = town.status
    town.build({"replicas": "many"})
    await town.turn()
    assert town.status["resolved"] == before["resolved"]
    assert town.status["phase"] == "Running"
    assert town.told("Available") == ("True", "MinimumReplicasAvailable")
    town.build()
    await town.settle()
    assert town.told("SpecAccepted") == ("True", "Accepted")


@pytest.mark.parametrize("status", [{"operator": "other/main"}, {"conditions": "none"}])
async def test_an_index_that_cannot_be_read_is_left_where_it_is_not_ours_to_tell(
    town: Town, status: dict[str, object]
) -> None:
    body = index_body({"replicas": "many"}, status)
    town.cluster.add(INDEXES, body)
    assert await town.turn() is None
    assert town.cluster.writes == []


async def test_a_status_of_which_the_api_server_drops_something_is_not_written_again(
    town: Town,
) -> None:
    town.cluster.dropped = {"lastFailure", "resolved"}
    town.build(SHARED | {"autoscaling": {"min": 1, "max": 2, "targets": {"cpu": 5}}})
    await town.settle()
    await town.turn(after=60)  # by when its use of cores is known
    town.cluster.writes.clear()
    for _ in range(3):
        await town.turn(after=60)
    assert town.cluster.writes == []


async def test_what_is_paused_is_not_changed_nor_are_its_pods_told_to(town: Town) -> None:
    town.build({"paused": True, "deletionPolicy": "Delete"})
    await town.settle()
    assert list(ours(town.cluster.writes)) == []
    town.build({"deletionPolicy": "Retain"})
    await town.settle()
    town.cluster.writes.clear()
    town.pods.asked.clear()
    town.build({"paused": True, "deletionPolicy": "Delete"})
    town.now += timedelta(minutes=11)
    await town.settle()
    assert (list(ours(town.cluster.writes)), town.pods.paths()) == ([], [])


async def test_drift_is_put_back_once(town: Town) -> None:
    town.build()
    await town.settle()
    service = town.cluster.objects[SERVICES, NAMESPACE, "docs"]
    town.cluster.add(SERVICES, {**service, "spec": {**service["spec"], "selector": {"x": "y"}}})
    town.cluster.writes.clear()
    await town.settle()
    assert list(ours(town.cluster.writes)) == [("apply", "Service", "docs")]
    (event,) = [each for each in town.cluster.of(EVENTS) if each["reason"] == "DriftCorrected"]
    assert event["regarding"]["name"] == "docs"


async def test_a_snapshot_that_is_due_is_made_once_and_told(town: Town) -> None:
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    await town.settle()
    (snapshot,) = town.cluster.of(SNAPSHOTS)
    assert snapshot["status"]["phase"] == "Completed"
    assert town.pods.paths().count("/jobs/snapshot") == 1
    assert town.status["snapshots"]["last"] == snapshot["metadata"]["name"]
    assert town.told("SnapshotHealthy")[0] == "True"


async def test_a_pass_that_comes_before_its_own_words_are_watched_says_them_once(
    town: Town,
) -> None:
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    await town.settle()
    see = town._see

    def see_no_index(kind: Kind, event: str, body: dict[str, Any]) -> None:
        if kind is not INDEXES:
            see(kind, event, body)

    town.cluster.watcher = see_no_index
    town.now += timedelta(hours=1)
    for _ in range(3):
        await town.turn(after=0.5)
        assert town.status["snapshots"]["lastSlot"] == "2026-03-10T13:00:00Z"


async def test_pods_that_are_away_are_asked_again(town: Town) -> None:
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    town.pods.is_away = True
    await town.settle()
    assert [each.get("status", {}).get("phase") for each in town.cluster.of(SNAPSHOTS)] == [
        "Pending"
    ]
    town.pods.is_away = False
    town.now += timedelta(minutes=1)
    await town.settle()
    assert town.cluster.of(SNAPSHOTS)[0]["status"]["phase"] == "Completed"


async def test_an_index_is_filled_before_it_is_open(town: Town) -> None:
    uri = {"uri": "s3://far/team/old/1", "secret": {"name": "far"}}
    town.build({**SHARED, "bootstrap": uri})
    await town.turn()
    await town.turn()
    assert town.pods.paths() == ["/jobs/restore", "/snapshots/sweep"]
    assert town.cluster.of(SERVICES) == []
    await town.settle()
    assert town.status["bootstrap"]["done"]
    assert town.cluster.of(SERVICES) != []


LIVE = {"aliases": ["live"], "ingress": {"host": "a.b"}, "auth": {"mode": "None"}}
NEW = {"name": "new", "uid": "uid-of-new"}
SWITCH = {("apply", "Service", "live"), ("apply", "Ingress", "live")}


@pytest.mark.parametrize("order", [("docs", "new"), ("new", "docs")])
async def test_an_alias_is_switched_and_goes_back_in_one_write_whoever_comes_first(
    town: Town, order: tuple[str, str]
) -> None:
    town.build(LIVE)
    await town.settle()
    town.build(LIVE, **NEW, creationTimestamp=write_time(town.now))
    town.cluster.writes.clear()
    await town.settle(*order)
    assert {each for each in ours(town.cluster.writes) if each[2] == "live"} == SWITCH
    assert selected(town) == "new"
    town.build({**LIVE, "aliases": []}, **NEW, creationTimestamp=write_time(town.now))
    town.cluster.writes.clear()
    await town.settle(*order)
    assert sorted(ours(town.cluster.writes)) == sorted([
        *SWITCH, ("apply", "ConfigMap", "new-orders")])  # fmt: skip
    assert selected(town) == "docs"


def selected(town: Town) -> str:
    """The index that the alias leads to."""
    selector = town.cluster.objects[SERVICES, NAMESPACE, "live"]["spec"]["selector"]
    return str(selector["gpu-embedding.io/index"])


@settings(max_examples=12, deadline=None)
@given(cut=st.lists(st.integers(0, 40), max_size=6, unique=True), is_slow=st.booleans())
async def test_wherever_it_is_cut_off_it_comes_to_the_same(cut: list[int], is_slow: bool) -> None:
    spec = {**SHARED, "replicas": 2, "snapshots": {"schedule": "0 * * * *"},
            "deletionPolicy": "Delete"}  # fmt: skip
    whole, broken = Town(), Town()
    whole.build(spec)
    await whole.settle()
    broken.build(spec)
    calls = iter(range(10**6))

    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        if next(calls) not in cut:
            return None
        return Unavailable("503", 1.0) if is_slow else Conflicting("409", 409)

    broken.cluster.refuse = refuse
    for _ in range(8):
        try:
            await broken.turn()
        except OperatorError:
            broken.restart()
    broken.cluster.refuse = lambda *_: None
    await broken.settle()
    assert set(broken.cluster.objects) - events(broken) == set(whole.cluster.objects) - events(
        whole
    )
    assert (broken.told(), broken.told("Degraded")) == (whole.told(), whole.told("Degraded"))


def events(town: Town) -> set[tuple[Kind, str, str]]:
    return {key for key in town.cluster.objects if key[0] is EVENTS}

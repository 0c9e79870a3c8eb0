"""What one index's author cannot do to the data of another, whatever the spec says."""

from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NAMESPACE, SHARED, UID, snapshot_body
from embedding_operator.names import EVENTS, INDEXES, NAMESPACES, PODS, SNAPSHOTS
from embedding_operator.resources.times import write_time
from small_town import DOCS, Town

OTHER = {"name": "other", "uid": "uid-of-other"}
STEALING: dict[str, Any] = {"bootstrap": {"retained": UID}, "deletionPolicy": "Delete"}


@pytest.mark.parametrize("replicas", [0, 1])
@pytest.mark.parametrize("data", [{}, SHARED, {"storage": SHARED["storage"]}])
async def test_the_uid_of_another_index_opens_nothing(data: dict[str, Any], replicas: int) -> None:
    town = Town()
    town.build(SHARED)
    await town.settle()
    spec = {**STEALING, **data, "replicas": replicas}
    town.build(spec, **OTHER)
    await town.settle("other")
    town.pods.audiences.clear()
    town.build(spec, **OTHER, deletionTimestamp=write_time(town.now))
    await town.settle("other")
    assert f"team/{UID}" not in town.pods.audiences


def phases(town: Town) -> dict[str, Any]:
    """Of the snapshots there are, with why, by name."""
    told = {}
    for body in town.cluster.of(SNAPSHOTS):
        status = body.get("status") or {}
        reasons = [each["reason"] for each in status.get("conditions") or ()]
        told[body["metadata"]["name"]] = (status.get("phase"), *reasons)
    return told


async def make_anew(town: Town) -> None:
    """Another index of the same name."""
    for key in [each for each in town.cluster.objects if each[0] not in (SNAPSHOTS, NAMESPACES)]:
        town.cluster._remove(key)
    town.cache.begin(PODS)  # those of the town have the same uids again
    town.build(SHARED, uid="uid-of-the-new-one")
    await town.settle()


async def test_a_snapshot_of_an_index_that_was_made_anew_is_not_made_of_the_new_one() -> None:
    town = Town()
    town.build(SHARED)
    town.pods.state = "running"
    await town.settle()
    town.cluster.add(SNAPSHOTS, snapshot_body())
    await town.settle()
    assert phases(town) == {"docs-1": ("Running",)}
    await make_anew(town)
    assert phases(town) == {"docs-1": ("Failed", "IndexGone")}
    assert town.pods.paths().count("/jobs/snapshot") == 1


async def test_what_an_earlier_index_left_neither_holds_nor_expires_nor_is_told_of() -> None:
    town = Town()
    town.build(SHARED)
    await town.settle()
    for place in range(12):
        body = snapshot_body(f"old-{place:02}", spec={"retention": "Expire"})
        town.cluster.add(SNAPSHOTS, body)
        await town.settle()
    town.now += timedelta(days=9)
    town.pods.asked.clear()
    await make_anew(town)
    assert set(phases(town).values()) == {("Completed", "Succeeded")}
    assert len(phases(town)) == 12
    assert town.status.get("snapshots") is None
    (sweep,) = [body for _, path, body, _ in town.pods.asked if path == "/snapshots/sweep"]
    assert sweep is not None
    assert sweep["held"] == []


async def test_a_snapshot_of_no_index_waits_and_fails_and_says_so() -> None:
    town = Town()
    town.cluster.add(SNAPSHOTS, snapshot_body(age=timedelta()))
    again = await town.turn(after=0)
    assert again is not None
    assert phases(town) == {"docs-1": ("Pending",)}
    town.cluster.writes.clear()
    await town.turn(after=60)
    assert town.cluster.writes == []
    assert await town.turn(after=again) is None
    assert phases(town) == {"docs-1": ("Failed", "DeadlineExceeded")}
    (event,) = town.cluster.of(EVENTS)
    assert (event["reason"], event["regarding"]["name"]) == ("SnapshotFailed", "docs-1")


async def test_a_snapshot_that_waited_for_its_index_is_made() -> None:
    town = Town()
    town.cluster.add(SNAPSHOTS, snapshot_body(age=timedelta()))
    await town.turn()
    town.build(SHARED)
    await town.settle()
    assert phases(town) == {"docs-1": ("Completed", "Succeeded")}


async def test_a_snapshot_whose_index_is_deleted_meanwhile_has_failed() -> None:
    town = Town()
    town.build(SHARED)
    town.pods.state = "running"
    await town.settle()
    town.cluster.add(SNAPSHOTS, snapshot_body())
    await town.settle()
    town.cluster._remove((INDEXES, *DOCS))
    assert await town.turn() is None
    assert phases(town) == {"docs-1": ("Failed", "IndexGone")}


async def test_a_slot_whose_name_is_taken_is_told_and_made_once_it_is_free() -> None:
    town = Town()
    slot = "docs-20260310120000"
    town.cluster.add(SNAPSHOTS, snapshot_body(slot, spec={"indexRef": {"name": "other"}}))
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")
    assert slot in town.status["message"]
    town.cluster._remove((SNAPSHOTS, NAMESPACE, slot))
    await town.settle()
    assert phases(town) == {slot: ("Completed", "Succeeded")}
    assert town.told("Degraded") == ("False", "AsExpected")


async def test_a_last_snapshot_whose_name_is_taken_is_told_and_nothing_is_removed() -> None:
    town = Town()
    spec = {**SHARED, "deletionPolicy": "SnapshotThenDelete"}
    town.build(spec)
    await town.settle()
    body = snapshot_body(f"docs-last-{UID[:8]}", {"phase": "Completed", "indexUid": UID})
    town.cluster.add(SNAPSHOTS, body)
    town.build(spec, deletionTimestamp=write_time(town.now))
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")
    assert "/purge" not in town.pods.paths()

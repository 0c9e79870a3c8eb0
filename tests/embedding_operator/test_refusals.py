"""What the API server will not have is told, tried again, and stops nothing else."""

import pytest

from embedding_indexes import NAMESPACE, SHARED
from embedding_operator.errors import InternalError, OperatorError, Refused
from embedding_operator.names import INDEXES, SERVICES, SNAPSHOTS, Kind
from embedding_operator.resources.times import write_time
from small_town import Town

MAKING = ("create", SNAPSHOTS)


@pytest.fixture
def town() -> Town:
    return Town()


async def test_a_child_that_is_refused_does_not_stop_the_others(town: Town) -> None:
    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        return Refused("quota exceeded", 403) if (verb, kind) == ("apply", SERVICES) else None

    town.cluster.refuse = refuse
    town.build()
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")
    assert town.told() == ("True", "AsExpected")
    town.cluster.refuse = lambda *_: None
    await town.settle()
    assert town.told("Degraded") == ("False", "AsExpected")


async def test_a_webhook_that_is_away_is_told_and_stops_nothing_else(town: Town) -> None:
    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        is_hooked = (verb, kind) == ("apply", SERVICES)
        return InternalError("failed calling webhook") if is_hooked else None

    town.cluster.refuse = refuse
    town.build()
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")
    assert "failed calling webhook" in town.status["message"]
    town.cluster.refuse = lambda *_: None
    await town.settle()
    assert town.told("Degraded") == ("False", "AsExpected")


async def test_what_is_refused_is_told_at_once_tried_soon_and_then_each_minute(town: Town) -> None:
    town.build()
    await town.settle()
    service = town.cluster.objects[SERVICES, NAMESPACE, "docs"]
    town.cluster.add(SERVICES, {**service, "spec": {**service["spec"], "selector": {"x": "y"}}})
    town.cluster.refuse = lambda verb, kind, _: Refused("no", 403) if kind is SERVICES else None
    assert await town.turn() == 2
    assert town.told("Degraded") == ("True", "ChildRefused")
    assert await town.turn() == 60
    town.cluster.refuse = lambda *_: None
    assert await town.turn() == 2
    assert town.told("Degraded") == ("False", "AsExpected")


@pytest.mark.parametrize("error", [Refused("exceeded quota", 403), InternalError("no webhook")])
async def test_a_snapshot_that_is_refused_is_told_and_its_slot_stays_open(
    town: Town, error: OperatorError
) -> None:
    town.cluster.refuse = lambda verb, kind, _: error if (verb, kind) == MAKING else None
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")
    assert (town.told(), town.cluster.of(SNAPSHOTS)) == (("True", "AsExpected"), [])
    town.cluster.refuse = lambda *_: None
    await town.settle()
    assert town.told("Degraded") == ("False", "AsExpected")
    assert [each["status"]["phase"] for each in town.cluster.of(SNAPSHOTS)] == ["Completed"]


async def test_a_finalizer_that_is_refused_is_told(town: Town) -> None:
    town.cluster.refuse = lambda verb, *_: Refused("no", 403) if verb == "patch" else None
    town.build({"deletionPolicy": "Delete"})
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")


async def test_an_end_that_is_refused_is_told(town: Town) -> None:
    whole = {**SHARED, "deletionPolicy": "SnapshotThenDelete"}
    town.build(whole)
    await town.settle()
    town.cluster.refuse = lambda verb, kind, _: (
        Refused("no", 403) if (verb, kind) == MAKING else None
    )
    town.build(whole, deletionTimestamp=write_time(town.now))
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")
    town.cluster.refuse = lambda verb, *_: InternalError("no") if verb == "patch" else None
    await town.settle()
    assert town.told("Degraded") == ("True", "ChildRefused")
    town.cluster.refuse = lambda *_: None
    await town.settle()
    assert town.cluster.of(INDEXES) == []

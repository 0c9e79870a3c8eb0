"""Passes over an index that is deleted, until it is gone."""

import pytest

from embedding_indexes import SHARED
from embedding_operator.names import CLAIMS, INDEXES, PODS, SNAPSHOTS
from embedding_operator.resources.times import write_time
from small_town import DOCS, Town


@pytest.fixture
def town() -> Town:
    return Town()


@pytest.mark.parametrize("spec", [{}, SHARED, {**SHARED, "replicas": 0}])
async def test_with_delete_nothing_is_left(town: Town, spec: dict[str, object]) -> None:
    whole = {**spec, "deletionPolicy": "Delete"}
    town.build(whole)
    await town.settle()
    index = town.cluster.objects[INDEXES, *DOCS]
    assert index["metadata"]["finalizers"] == ["gpu-embedding.io/cleanup"]
    town.build(whole, deletionTimestamp=write_time(town.now))
    await town.settle()
    assert town.cluster.of(INDEXES) == town.cluster.of(CLAIMS) == []
    assert ("/jobs/purge" in town.pods.paths()) is bool(spec)


async def test_rows_are_removed_once_though_the_operator_starts_anew_and_pods_are_not_ready(
    town: Town,
) -> None:
    whole = {**SHARED, "deletionPolicy": "Delete"}
    town.build(whole)
    await town.settle()
    town.build(whole, deletionTimestamp=write_time(town.now))
    await town.turn()
    (pod,) = town.cluster.of(PODS)
    town.cluster.add(PODS, {**pod, "status": {**pod["status"], "conditions": []}})
    town.restart()
    await town.settle()
    assert town.cluster.of(INDEXES) == []
    assert town.pods.paths().count("/jobs/purge") == 1


async def test_pods_that_do_not_remove_rows_are_told_and_asked_again(town: Town) -> None:
    whole = {**SHARED, "deletionPolicy": "Delete"}
    town.build(whole)
    await town.settle()
    town.build(whole, deletionTimestamp=write_time(town.now))
    town.pods.is_away = True
    await town.settle()
    assert town.told("Degraded") == ("False", "AsExpected")
    await town.turn(after=601)
    assert town.told("Degraded") == ("True", "PurgeFailed")
    assert "10.0.0.1 does not answer" in town.status["message"]
    town.pods.is_away = False
    await town.settle()
    assert town.cluster.of(INDEXES) == []


async def test_an_index_that_never_had_pods_goes_at_once(town: Town) -> None:
    town.build({"database": {"type": "PostgreSQL"}, "deletionPolicy": "Delete"})
    await town.settle()
    assert town.told("SpecAccepted") == ("False", "DatabaseMissing")
    town.build({"database": {"type": "PostgreSQL"}, "deletionPolicy": "Delete"},
               deletionTimestamp=write_time(town.now))  # fmt: skip
    await town.turn()
    assert town.cluster.of(INDEXES) == []


async def test_with_snapshot_then_delete_a_snapshot_is_left(town: Town) -> None:
    whole = {**SHARED, "deletionPolicy": "SnapshotThenDelete"}
    town.build(whole)
    await town.settle()
    town.build(whole, deletionTimestamp=write_time(town.now))
    await town.settle()
    assert town.cluster.of(INDEXES) == []
    (last,) = town.cluster.of(SNAPSHOTS)
    assert last["spec"]["retention"] == "Keep"


async def test_under_retain_there_is_no_finalizer(town: Town) -> None:
    town.build({"deletionPolicy": "Delete"})
    await town.settle()
    town.build({"deletionPolicy": "Retain"})
    await town.settle()
    assert town.cluster.objects[INDEXES, *DOCS]["metadata"]["finalizers"] == []

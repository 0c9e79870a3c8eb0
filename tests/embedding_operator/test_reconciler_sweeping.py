"""What nobody holds any more is swept: by pods, by a Job where there are none, else by nobody."""

from datetime import timedelta

import pytest

from embedding_indexes import NAMESPACE
from embedding_operator.names import (
    INDEXES,
    JOBS,
    NAMESPACES,
    SNAPSHOTS,
)
from embedding_operator.resources.times import write_time
from fake_cluster import ours
from observed import a_job_status
from small_town import DOCS, Town


@pytest.fixture
def town() -> Town:
    return Town()


async def test_pods_sweep_when_what_is_held_has_changed_and_now_and_then(town: Town) -> None:
    town.build()
    await town.settle()
    assert town.pods.paths().count("/snapshots/sweep") == 1
    town.now += timedelta(minutes=11)
    await town.turn()
    assert town.pods.paths().count("/snapshots/sweep") == 2


async def test_in_a_namespace_that_goes_nobody_sweeps(town: Town) -> None:
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    await town.settle()
    swept = town.pods.paths().count("/snapshots/sweep")
    namespace = {"name": NAMESPACE, "deletionTimestamp": write_time(town.now)}
    town.cluster.objects[NAMESPACES, "", NAMESPACE] = {"metadata": namespace}
    (snapshot,) = town.cluster.of(SNAPSHOTS)
    town.cluster.remove(SNAPSHOTS, NAMESPACE, snapshot["metadata"]["name"])
    await town.settle()
    assert town.pods.paths().count("/snapshots/sweep") == swept
    town.build({"replicas": 0})
    await town.settle()
    await town.turn(after=300)
    assert town.cluster.of(JOBS) == []


async def test_without_pods_a_job_sweeps_and_a_restart_makes_no_other(town: Town) -> None:
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    await town.settle()
    town.build({"replicas": 0})
    await town.settle()
    await town.turn(after=300)
    (job,) = town.cluster.of(JOBS)
    town.cluster.add(JOBS, {**job, "status": a_job_status("Complete", town.now)})
    await town.settle()
    town.cluster.writes.clear()
    town.restart()
    for _ in range(5):
        assert await town.turn(after=60) == 60
    assert town.cluster.writes == []
    town.build({"replicas": 1})
    await town.settle()
    assert town.cluster.of(JOBS) == []


async def test_a_job_that_was_not_seen_yet_is_not_made_again(town: Town) -> None:
    town.build({"snapshots": {"schedule": "0 * * * *"}})
    await town.settle()
    town.build({"replicas": 0})
    await town.settle()
    watcher, town.cluster.watcher = town.cluster.watcher, None
    await town.turn(after=300)
    assert ours_of(town, "Job") == [("apply", "Job", "docs-sweep")]
    town.cache.put(INDEXES, town.cluster.objects[INDEXES, *DOCS])
    await town.turn()
    assert ours_of(town, "Job") == [("apply", "Job", "docs-sweep")]
    town.cluster.watcher = watcher


def ours_of(town: Town, kind: str) -> list[tuple[str, str, str]]:
    return [write for write in ours(town.cluster.writes) if write[1] == kind]

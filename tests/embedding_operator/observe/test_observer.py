"""What one pass reads: from the cache, from the API server, and from pods."""

from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NAMESPACE, NOW, SHARED, UID, an_index, snapshot_body
from embedding_operator.children.metadata import INDEX
from embedding_operator.children.metadata import UID as UID_LABEL
from embedding_operator.names import (
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    PODS,
    SERVICES,
    SNAPSHOTS,
    Kind,
)
from embedding_operator.observe.cache import Cache
from embedding_operator.observe.observation import ChildKey, Observation
from embedding_operator.observe.observer import Observer
from embedding_operator.reasons import Reason
from embedding_operator.resources.times import write_time
from fake_cluster import FakeCluster
from fake_operator_pods import FakePods
from observed import a_report, container_body, pod_body
from small_town import DOCS, RUNNING

LABELS = {INDEX: "docs", UID_LABEL: UID}


class Sight:
    """An observer, and all that it looks at."""

    def __init__(self) -> None:
        self.cluster, self.cache, self.pods, self.now = FakeCluster(), Cache(), FakePods(), NOW
        self.observer = Observer(self.cluster, self.pods, self.cache, lambda: self.now)

    def put_pod(self, name: str = "docs-a", status: dict[str, Any] | None = None) -> None:
        told = RUNNING if status is None else status
        self.cache.put(PODS, pod_body(told, name=name, uid=f"uid-of-{name}", labels=LABELS))

    async def look(
        self,
        spec: dict[str, Any] | None = None,
        status: dict[str, Any] | None = None,
        names: tuple[ChildKey, ...] = (),
        meta: dict[str, Any] | None = None,
    ) -> Observation:
        return await self.observer.observe(an_index(spec, status, **(meta or {})), names, 45.0)


@pytest.fixture
def sight() -> Sight:
    return Sight()


async def test_reports_are_asked_for_again_when_they_are_old(sight: Sight) -> None:
    sight.put_pod()
    for seconds, count in ((0, 1), (44, 1), (1, 2), (10, 2)):
        sight.now += timedelta(seconds=seconds)
        seen = await sight.look()
        assert (sight.pods.reports, list(seen.reports)) == (count, ["uid-of-docs-a"])


async def test_a_pod_that_does_not_answer_has_no_report(sight: Sight) -> None:
    sight.put_pod()
    sight.pods.is_away = True
    seen = await sight.look()
    assert seen.reports == {}
    assert seen.silent == {"uid-of-docs-a": "10.0.0.1 does not answer"}


async def test_an_answer_that_is_late_leaves_the_one_before_for_a_while(sight: Sight) -> None:
    sight.put_pod()
    await sight.look()
    sight.pods.is_away = True
    sight.now += timedelta(seconds=60)
    seen = await sight.look()
    assert (list(seen.reports), list(seen.silent)) == (["uid-of-docs-a"], ["uid-of-docs-a"])
    sight.now += timedelta(seconds=60)
    assert (await sight.look()).reports == {}


async def test_it_is_known_since_when_no_pod_answers(sight: Sight) -> None:
    assert (await sight.look()).silent_since is None
    for name in ("docs-a", "docs-b"):
        sight.put_pod(name)
    sight.pods.is_away = True
    assert (await sight.look()).silent_since == NOW
    sight.now += timedelta(seconds=60)
    assert (await sight.look()).silent_since == NOW
    sight.pods.is_away = False
    sight.put_pod("docs-c")
    assert (await sight.look()).silent_since is None
    sight.observer.forget(DOCS)


async def test_pods_of_an_earlier_index_are_not_seen(sight: Sight) -> None:
    sight.put_pod()
    other = {INDEX: "docs", UID_LABEL: "of-another"}
    sight.cache.put(PODS, pod_body(RUNNING, name="docs-b", uid="b", labels=other))
    assert [pod.name for pod in (await sight.look()).pods] == ["docs-a"]


async def test_of_pods_that_have_ended_the_newest_that_failed_is_seen(sight: Sight) -> None:
    sight.put_pod()
    for name, phase, age in (("b", "Failed", 9), ("c", "Failed", 1), ("d", "Succeeded", 0)):
        created = write_time(NOW - timedelta(hours=age))
        meta: dict[str, Any] = {"creationTimestamp": created, "labels": LABELS}
        sight.cache.put(PODS, pod_body({"phase": phase}, name=name, uid=name, **meta))
    assert [pod.name for pod in (await sight.look()).pods] == ["c", "docs-a"]


async def test_of_many_pods_that_wait_a_few_are_explained(sight: Sight) -> None:
    asked: list[Kind] = []
    sight.cluster.refuse = lambda verb, kind, _: asked.append(kind)
    for place in range(100):
        sight.put_pod(f"docs-{place}", container_body({"waiting": {"reason": "Creating"}}))
    assert len((await sight.look()).pods) == 100
    assert asked == [EVENTS] * 3


async def test_reports_of_pods_that_are_gone_are_forgotten(sight: Sight) -> None:
    sight.put_pod()
    await sight.look()
    sight.cache.drop(PODS, pod_body(uid="uid-of-docs-a"))
    assert (await sight.look()).reports == {}
    sight.put_pod("docs-b")
    await sight.look()
    sight.observer.forget(DOCS)
    await sight.look()
    assert sight.pods.reports == 3


async def test_cores_in_use_are_known_from_the_second_report_on(sight: Sight) -> None:
    sight.put_pod("docs-a")
    sight.put_pod("docs-b")
    assert (await sight.look()).cores == {}
    for seconds, used in ((50, 25), (50, 50)):
        sight.now += timedelta(seconds=seconds)
        sight.pods.told = a_report(load={"cpu_seconds": used})
        assert (await sight.look()).cores == {"uid-of-docs-a": 0.5, "uid-of-docs-b": 0.5}


async def test_a_missing_answer_costs_no_reading_but_tells_no_load(sight: Sight) -> None:
    sight.put_pod()
    await sight.look()
    sight.now += timedelta(seconds=50)
    sight.pods.is_away = True
    assert (await sight.look()).cores == {}
    sight.now += timedelta(seconds=50)
    sight.pods.is_away, sight.pods.told = False, a_report(load={"cpu_seconds": 50})
    assert (await sight.look()).cores == {"uid-of-docs-a": 0.5}


async def test_a_pod_that_does_not_run_is_not_asked(sight: Sight) -> None:
    sight.put_pod(status=container_body({"waiting": {"reason": "ErrImagePull"}}))
    seen = await sight.look()
    assert (sight.pods.reports, len(seen.pods)) == (0, 1)


async def test_events_tell_what_a_pod_waits_for_the_newest_first(sight: Sight) -> None:
    creating = container_body({"waiting": {"reason": "ContainerCreating"}})
    sight.put_pod(status=creating)
    told = ("AttachVolume failed", "2026-03-10T12:00:00Z"), ('secret "x" not found', "2026-03-11")
    for place, (note, moment) in enumerate(told):
        meta = {"namespace": NAMESPACE, "name": f"e-{place}"}
        told_at = {"eventTime": moment, "reason": "FailedMount"}
        sight.cluster.add(EVENTS, {"metadata": meta, "note": note, **told_at})
    (pod,) = (await sight.look()).pods
    assert pod.trouble is not None
    assert pod.trouble.reason is Reason.SECRET_NOT_FOUND


async def test_children_come_from_the_cache_and_else_from_the_cluster(sight: Sight) -> None:
    ours = {"metadata": {"namespace": NAMESPACE, "name": "docs", "uid": "1", "labels": LABELS}}
    alias = {"metadata": {"namespace": NAMESPACE, "name": "live", "uid": "2", "labels": {}}}
    foreign = {"metadata": {"namespace": NAMESPACE, "name": "docs-orders"}}
    sight.cache.put(SERVICES, ours)
    sight.cache.put(SERVICES, alias)
    sight.cluster.add(CONFIG_MAPS, foreign)
    names = ((SERVICES, "docs"), (SERVICES, "live"), (CONFIG_MAPS, "docs-orders"),
             (CONFIG_MAPS, "none"))  # fmt: skip
    assert set((await sight.look(names=names)).children) == set(names[:3])


def work(state: str) -> dict[str, Any]:
    return {"id": "j-1", "state": state}


async def test_work_on_snapshots_is_followed_while_it_runs(sight: Sight) -> None:
    sight.put_pod()
    for name, phase in (("a", "Running"), ("b", "Pending"), ("c", "Completed")):
        sight.cache.put(SNAPSHOTS, snapshot_body(name, {"phase": phase}))
    sight.pods.jobs = {f"uid-of-{name}": work("running") for name in "abc"}
    seen = await sight.look()
    assert list(seen.jobs) == ["uid-of-a"]
    assert [each.meta.name for each in seen.snapshots] == ["a", "b", "c"]


async def test_snapshots_are_those_of_its_data_and_not_of_its_name(sight: Sight) -> None:
    other = {"indexRef": {"name": "other"}}
    for name, status, spec in (
        ("its", {"indexUid": UID, "phase": "Completed"}, {}),
        ("new", {}, {}),
        ("stray", {"indexUid": "old", "phase": "Running"}, {}),
        ("left", {"indexUid": "old", "phase": "Completed"}, {}),
        ("renamed", {"indexUid": "old", "phase": "Completed"}, other),
        ("others", {}, other),
    ):
        sight.cache.put(SNAPSHOTS, snapshot_body(name, status, spec))
    seen = await sight.look()
    assert [each.meta.name for each in seen.snapshots] == ["its", "new"]
    assert [each.meta.name for each in seen.strays] == ["stray"]
    taken = await sight.look(status={"dataUid": "old"})
    assert [each.meta.name for each in taken.snapshots] == ["left", "new", "renamed", "stray"]
    assert taken.strays == ()


async def test_work_that_was_tried_again_tells_of_the_tries_before(sight: Sight) -> None:
    sight.put_pod()
    sight.cache.put(SNAPSHOTS, snapshot_body("a", {"phase": "Running"}))
    away = {**work("failed"), "error": "away", "code": "record_unavailable"}
    sight.pods.jobs = {"uid-of-a": [work("running"), away, away]}
    (job,) = (await sight.look()).jobs.values()
    assert (job.state, job.attempts, job.setback) == ("running", 3, "away")


async def test_work_of_which_no_pod_tells_is_not_there(sight: Sight) -> None:
    sight.put_pod()
    sight.cache.put(SNAPSHOTS, snapshot_body("a", {"phase": "Running"}))
    assert (await sight.look()).jobs == {}
    sight.pods.jobs = {"uid-of-a": {"id": None}}
    assert (await sight.look()).jobs == {}
    sight.pods.is_away = True
    assert (await sight.look()).jobs == {}


async def test_reloads_are_followed_by_process_and_wish(sight: Sight) -> None:
    sight.put_pod()
    sight.pods.jobs = {key: work("running") for key in ("reload-1-i-1", "reload-1-back-i-1")}
    assert (await sight.look()).reloads == {}
    seen = await sight.look({"reload": {"snapshot": "7"}})
    assert set(seen.reloads) == set(sight.pods.jobs)


async def test_filling_is_followed_until_it_is_done(sight: Sight) -> None:
    sight.put_pod()
    spec = {**SHARED, "bootstrap": {"snapshot": "docs-1"}}
    key = f"bootstrap-{an_index().meta.uid}"
    assert (await sight.look(spec)).bootstrap is None
    sight.pods.jobs = {key: work("running")}
    sight.cache.put(SNAPSHOTS, snapshot_body("docs-1"))
    seen = await sight.look(spec)
    assert seen.bootstrap is not None
    assert seen.source is not None
    assert (await sight.look(spec, {"bootstrap": {"done": True}})).bootstrap is None
    assert (await sight.look()).source is None


async def test_removing_rows_is_followed_at_every_pod_that_runs_the_furthest_counts(
    sight: Sight,
) -> None:
    spec, key = {"deletionPolicy": "Delete"}, f"purge-all-{an_index().meta.uid}"
    ending = {"deletionTimestamp": write_time(NOW)}
    unready = {**RUNNING, "conditions": []}
    for place in range(3):
        sight.put_pod(f"docs-{place}", {**unready, "podIP": f"10.0.0.{place}"})
    sight.cluster.objects[NAMESPACES, "", NAMESPACE] = {"metadata": {"name": NAMESPACE}}
    for states, furthest in (
        ([], None),
        (["failed"], "failed"),
        (["failed", "running"], "running"),
        (["failed", "running", "succeeded"], "succeeded"),
    ):
        sight.pods.jobs_at = {f"10.0.0.{place}": {key: work(state)} for place, state in
                              enumerate(states)}  # fmt: skip
        seen = await sight.look(spec, meta=ending)
        assert (seen.purge and seen.purge.state) == furthest
    assert (await sight.look(spec)).purge is None

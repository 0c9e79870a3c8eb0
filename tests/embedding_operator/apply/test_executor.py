"""What pods are asked beside snapshots; one that does not do it is asked again later."""

from dataclasses import replace

import pytest

from embedding_indexes import an_index
from embedding_operator.apply.executor import Executor
from embedding_operator.apply.snapshots import SnapshotMaker
from embedding_operator.apply.writer import Writer
from embedding_operator.errors import PodFailure
from embedding_operator.observe.pods import Trouble
from embedding_operator.plan.bootstrap import Bootstrap, Source
from embedding_operator.plan.deletion import PurgeOrder
from embedding_operator.plan.reloading import ReloadOrder
from embedding_operator.reasons import Reason
from fake_cluster import FakeCluster
from fake_operator_pods import FakePods
from observed import a_pod, observe

KEY = an_index().key
FILLING = Bootstrap(is_done=False, source=Source("team/old", "1"), pod=a_pod(), is_retry=True)
PURGE = PurgeOrder(a_pod(), "k1", removes_snapshots=True, is_retry=True)
NOWHERE = Bootstrap(is_done=False, source=Source("team/old", "1"))


@pytest.fixture
def pods() -> FakePods:
    return FakePods()


@pytest.fixture
def executor(pods: FakePods) -> Executor:
    cluster = FakeCluster()
    return Executor(Writer(cluster, "system/main"), SnapshotMaker(cluster, pods, "m"), pods)


async def test_a_pod_is_asked_to_fill_an_index_under_one_key(
    executor: Executor, pods: FakePods
) -> None:
    await executor.fill(observe(), FILLING)
    body = {"from_uid": "team/old", "snapshot": "1", "url": None, "retry": True}
    key = f"bootstrap-{an_index().meta.uid}"
    assert pods.asked == [("POST", "/jobs/restore", body, key)]


@pytest.mark.parametrize("bootstrap", [Bootstrap(), NOWHERE, replace(FILLING, source=None)])
async def test_without_a_source_or_a_pod_nobody_is_asked(
    executor: Executor, pods: FakePods, bootstrap: Bootstrap
) -> None:
    await executor.fill(observe(), bootstrap)
    assert pods.asked == []


async def test_a_pod_that_is_away_is_no_error(executor: Executor, pods: FakePods) -> None:
    pods.is_away = True
    await executor.fill(observe(), FILLING)
    assert "does not answer" in (await executor.purge(observe(), PURGE) or "")
    assert not await executor.sweep(an_index(), a_pod(), [])


ORDER = ReloadOrder(a_pod(), "7", "reload-7")


@pytest.mark.parametrize("status", [400, 403, 404, 405, 422])
async def test_an_order_that_a_pod_refuses_is_told_in_its_words(
    executor: Executor, pods: FakePods, status: int
) -> None:
    pods.no = PodFailure(f"10.0.0.1 answered {status}: another model", status)
    assert await executor.fill(observe(), FILLING) == Trouble(
        Reason.SNAPSHOT_LOAD_FAILED, f"bootstrap: 10.0.0.1 answered {status}: another model"
    )
    assert await executor.reload(observe(), [ORDER, ORDER]) == Trouble(
        Reason.SNAPSHOT_LOAD_FAILED, f"reload: 10.0.0.1 answered {status}: another model"
    )


@pytest.mark.parametrize("status", [None, 401, 408, 409, 429, 500, 503])
async def test_an_order_that_is_answered_otherwise_soon_is_not_told_of(
    executor: Executor, pods: FakePods, status: int | None
) -> None:
    pods.no = PodFailure("not now", status)
    assert await executor.fill(observe(), FILLING) is None
    assert await executor.reload(observe(), [ORDER]) is None


async def test_pods_are_asked_to_begin_from_another_snapshot_under_a_key_each(
    executor: Executor, pods: FakePods
) -> None:
    assert await executor.reload(observe(), [ORDER]) is None
    body = {"snapshot": "7", "retry": False}
    assert pods.asked == [("POST", "/jobs/reload", body, "reload-7")]


async def test_rows_are_removed_by_who_names_them_under_a_key(
    executor: Executor, pods: FakePods
) -> None:
    assert await executor.purge(observe(), PURGE) is None
    body = {"confirm": KEY, "snapshots": True, "retry": True}
    assert pods.asked == [("POST", "/jobs/purge", body, "k1")]

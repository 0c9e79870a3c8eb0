"""Carrying out what was planned for snapshots."""

import pytest

from embedding_indexes import NAMESPACE, a_snapshot, an_index, snapshot_body
from embedding_operator.apply.snapshots import SnapshotMaker
from embedding_operator.children.metadata import UID
from embedding_operator.errors import Conflicting, Refused
from embedding_operator.names import SNAPSHOTS
from embedding_operator.plan.actions import (
    CreateSnapshot,
    DeleteSnapshot,
    Event,
    SnapshotAction,
    StartSnapshot,
    UpdateSnapshot,
)
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import SnapshotPhase
from fake_cluster import FakeCluster
from fake_operator_pods import FakePods
from observed import a_pod, observe


class Maker:
    """One of a cluster with one snapshot."""

    def __init__(self) -> None:
        self.cluster, self.pods = FakeCluster(), FakePods()
        self.cluster.add(SNAPSHOTS, snapshot_body("docs-1"))
        self.maker = SnapshotMaker(self.cluster, self.pods, "manager")
        self.snapshot = a_snapshot("docs-1")

    async def do(self, *actions: SnapshotAction) -> list[Event]:
        held = a_snapshot("held", "Completed", snapshotId="7")
        return await self.maker.carry_out(observe(snapshots=(held, self.snapshot)), actions)

    def phase(self) -> str | None:
        body = self.cluster.objects[SNAPSHOTS, NAMESPACE, "docs-1"]
        phase: str | None = body["status"].get("phase")
        return phase


@pytest.fixture
def maker() -> Maker:
    return Maker()


def told(snapshot: EmbeddingIndexSnapshot, phase: SnapshotPhase) -> UpdateSnapshot:
    status = snapshot.status.model_copy(update={"phase": phase, "documents": 3, "error": "x"})
    return UpdateSnapshot(snapshot, status)


async def test_a_slot_becomes_an_object_that_expires_and_is_told_once(maker: Maker) -> None:
    slot = CreateSnapshot("docs-2", "2026-03-10T12:00:00Z")
    assert await maker.do(slot) == [Event("SnapshotScheduled", "docs-2 is due")]
    spec = maker.cluster.objects[SNAPSHOTS, NAMESPACE, "docs-2"]["spec"]
    assert spec == {"indexRef": {"name": "docs"}, "retention": "Expire"}
    assert await maker.do(slot) == []


@pytest.mark.parametrize("error", [Conflicting("quota", 409, "Conflict"), Refused("no", 403)])
async def test_an_object_that_was_not_made_is_not_taken_for_one(
    maker: Maker, error: Refused
) -> None:
    maker.cluster.refuse = lambda *_: error
    with pytest.raises(Refused):
        await maker.do(CreateSnapshot("docs-2", "2026-03-10T12:00:00Z"))


@pytest.mark.parametrize("uid", ["uid-of-an-earlier-one", None])
async def test_what_somebody_else_has_called_so_is_told(maker: Maker, uid: str | None) -> None:
    labels = {UID: uid} if uid else {}
    maker.cluster.add(SNAPSHOTS, snapshot_body("docs-2", labels=labels))
    with pytest.raises(Refused, match="docs-2 that is not this index's") as refused:
        await maker.do(CreateSnapshot("docs-2", "2026-03-10T12:00:00Z"))
    assert not isinstance(refused.value, Conflicting)


async def test_the_last_one_of_an_index_stays(maker: Maker) -> None:
    assert await maker.maker.ask(an_index(), "last")
    assert maker.cluster.objects[SNAPSHOTS, NAMESPACE, "last"]["spec"]["retention"] == "Keep"


@pytest.mark.parametrize("is_retry", [False, True])
async def test_a_pod_is_asked_with_what_objects_hold_and_the_uid_as_key(
    maker: Maker, is_retry: bool
) -> None:
    await maker.do(StartSnapshot(maker.snapshot, a_pod(), is_retry=is_retry))
    ((method, path, body, key),) = maker.pods.asked
    assert (method, path, key) == ("POST", "/jobs/snapshot", "uid-of-docs-1")
    assert body is not None
    assert (body["held"], body.get("retry", False)) == (["7"], is_retry)
    assert maker.phase() == "Running"


async def test_a_pod_that_is_away_is_left_to_the_next_pass(maker: Maker) -> None:
    maker.pods.is_away = True
    await maker.do(StartSnapshot(maker.snapshot, a_pod(), is_retry=False))
    assert maker.phase() == "Pending"
    assert not await maker.maker.sweep("team/uid", "10.0.0.1", [])


async def test_a_pod_that_answers_something_else_is_left_to_the_next_pass(maker: Maker) -> None:
    maker.pods.is_strange = True
    await maker.do(StartSnapshot(maker.snapshot, a_pod(), is_retry=False))
    assert maker.phase() == "Pending"


async def test_one_that_was_begun_is_left_running_while_pods_are_away(maker: Maker) -> None:
    maker.pods.is_away = True
    running = a_snapshot("docs-1", "Running")
    await maker.do(StartSnapshot(running, a_pod(), is_retry=False))
    assert maker.cluster.writes == []


async def test_an_end_is_told(maker: Maker) -> None:
    done = await maker.do(told(maker.snapshot, SnapshotPhase.COMPLETED))
    assert done == [Event("SnapshotCompleted", "docs-1 has 3 documents")]
    failed = await maker.do(told(maker.snapshot, SnapshotPhase.FAILED))
    assert failed == [Event("SnapshotFailed", "docs-1: x", is_warning=True)]
    assert await maker.do(told(maker.snapshot, SnapshotPhase.PENDING)) == []
    assert maker.phase() == "Pending"


async def test_what_is_told_already_is_not_written(maker: Maker) -> None:
    assert await maker.do(UpdateSnapshot(maker.snapshot, maker.snapshot.status)) == []
    assert maker.cluster.writes == []


async def test_an_expired_one_is_deleted_and_told(maker: Maker) -> None:
    assert await maker.do(DeleteSnapshot(maker.snapshot)) == [
        Event("SnapshotExpired", "docs-1 is deleted")
    ]
    assert maker.cluster.of(SNAPSHOTS) == []


async def test_a_sweep_names_what_is_held(maker: Maker) -> None:
    assert await maker.maker.sweep("team/uid", "10.0.0.1", ["7"])
    assert maker.pods.asked == [
        ("POST", "/snapshots/sweep", {"held": ["7"], "keep": 1, "keep_seconds": 0}, None)
    ]


async def test_what_has_gone_before_it_was_looked_at_is_left_to_the_next_pass(maker: Maker) -> None:
    there = Conflicting("there is one", 409, "AlreadyExists")
    maker.cluster.refuse = lambda verb, *_: there if verb == "create" else None
    with pytest.raises(Conflicting):
        await maker.do(CreateSnapshot("docs-2", "2026-03-10T12:00:00Z"))

"""What is written to the cluster, and what comes of being refused."""

import pytest

from embedding_indexes import NAMESPACE, an_index, index_body, wanted
from embedding_operator.apply.writer import Writer
from embedding_operator.errors import Conflicting, Missing, OperatorError, Refused, Unavailable
from embedding_operator.names import EVENTS, INDEXES, SERVICES, Kind
from embedding_operator.plan.actions import Event
from embedding_operator.plan.children import Changes, Child, list_children, mark
from embedding_operator.plan.deletion import FINALIZER
from embedding_operator.resources.objects import EmbeddingIndex, parse_index
from embedding_operator.resources.status import IndexStatus
from fake_cluster import FakeCluster

KEY = (INDEXES, NAMESPACE, "docs")


@pytest.fixture
def cluster() -> FakeCluster:
    cluster = FakeCluster()
    cluster.add(INDEXES, index_body())
    return cluster


@pytest.fixture
def writer(cluster: FakeCluster) -> Writer:
    return Writer(cluster, "system/main")


def index_of(cluster: FakeCluster) -> EmbeddingIndex:
    return parse_index(cluster.objects[KEY])


def children() -> list[Child]:
    return [mark(each) for each in list_children(wanted(), "system", is_open=True)]


async def test_a_claim_tells_the_index_as_it_is_then(cluster: FakeCluster, writer: Writer) -> None:
    claimed = await writer.claim(index_of(cluster))
    assert claimed is not None
    assert claimed.status.operator == "system/main"
    assert claimed.meta.version == index_of(cluster).meta.version


async def test_what_is_claimed_is_not_claimed_again(cluster: FakeCluster, writer: Writer) -> None:
    await writer.claim(index_of(cluster))
    writes = len(cluster.writes)
    assert await writer.claim(index_of(cluster)) == index_of(cluster)
    assert await Writer(cluster, "other/main").claim(index_of(cluster)) is None
    assert len(cluster.writes) == writes


async def test_a_claim_that_comes_second_is_left(cluster: FakeCluster, writer: Writer) -> None:
    unseen = index_of(cluster)
    await writer.claim(unseen)
    assert await Writer(cluster, "other/main").claim(unseen) is None


async def test_a_report_leaves_the_claim(cluster: FakeCluster, writer: Writer) -> None:
    await writer.claim(index_of(cluster))
    await writer.report(index_of(cluster), IndexStatus(phase="Running", operator="x"))
    assert cluster.objects[KEY]["status"] == {"operator": "system/main", "phase": "Running"}


async def test_a_report_of_an_index_that_was_made_anew_is_refused(
    cluster: FakeCluster, writer: Writer
) -> None:
    with pytest.raises(Conflicting):
        await writer.report(an_index(uid="old"), IndexStatus())


async def test_what_is_applied_is_remembered_as_the_api_server_has_it(
    cluster: FakeCluster, writer: Writer
) -> None:
    applied = await writer.change(Changes(applied=tuple(children())))
    assert set(applied.settled) == {child.key for child in children()}
    assert applied.refusals == {}


async def test_a_child_that_is_refused_stops_no_other(cluster: FakeCluster, writer: Writer) -> None:
    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        return Refused("quota", 403) if kind is SERVICES else None

    cluster.refuse = refuse
    applied = await writer.change(Changes(applied=tuple(children())))
    assert applied.refusals == {(SERVICES, "docs"): "quota"}
    assert len(applied.settled) == len(children()) - 1


async def test_a_child_that_others_write_at_once_is_written_again(
    cluster: FakeCluster, writer: Writer
) -> None:
    conflicts = [Conflicting("once more", 409)] * len(children())
    seen: set[tuple[Kind, str]] = set()

    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        is_first = (kind, name) not in seen
        seen.add((kind, name))
        return conflicts.pop() if is_first else None

    cluster.refuse = refuse
    applied = await writer.change(Changes(applied=tuple(children())))
    assert (applied.refusals, conflicts) == ({}, [])


async def test_an_api_server_that_is_away_stops_all(cluster: FakeCluster, writer: Writer) -> None:
    cluster.refuse = lambda *_: Unavailable("503")
    with pytest.raises(Unavailable):
        await writer.change(Changes(applied=tuple(children())))


async def test_what_is_removed_is_that_object_and_no_other_of_its_name(
    cluster: FakeCluster, writer: Writer
) -> None:
    body = cluster.objects[KEY]
    other = {**body, "metadata": {**body["metadata"], "uid": "another"}}
    await writer.change(Changes(removed=((INDEXES, other),)))
    assert KEY in cluster.objects
    await writer.change(Changes(removed=((INDEXES, body),)))
    assert KEY not in cluster.objects


async def test_others_finalizers_stay(cluster: FakeCluster, writer: Writer) -> None:
    cluster.add(INDEXES, index_body(finalizers=["theirs"]))
    await writer.finalize(index_of(cluster), is_held=True)
    assert index_of(cluster).meta.finalizers == ("theirs", FINALIZER)
    await writer.finalize(index_of(cluster), is_held=False)
    assert index_of(cluster).meta.finalizers == ("theirs",)


async def test_an_index_that_is_gone_needs_no_finalizer(writer: Writer) -> None:
    await writer.finalize(an_index(name="gone"), is_held=False)


async def test_events_are_posted_for_people(cluster: FakeCluster, writer: Writer) -> None:
    told = Event("DriftCorrected", "x" * 2000, is_warning=True)
    await writer.tell(INDEXES, index_of(cluster).meta, [told])
    (event,) = cluster.of(EVENTS)
    assert (event["reason"], event["type"], len(event["note"])) == (
        "DriftCorrected",
        "Warning",
        1024,
    )
    assert event["regarding"]["uid"] == index_of(cluster).meta.uid


@pytest.mark.parametrize("error", [Unavailable("503"), Refused("no", 403), Missing("no", 404)])
async def test_an_event_that_cannot_be_posted_stops_nothing(
    cluster: FakeCluster, writer: Writer, error: OperatorError
) -> None:
    cluster.refuse = lambda *_: error
    await writer.tell(INDEXES, an_index().meta, [Event("A", "b"), Event("C", "d")])
    assert cluster.of(EVENTS) == []

"""What was watched becomes keys, keys become passes, and lists come again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from controller_stage import Stage, indexed, note
from embedding_indexes import NAMESPACE
from embedding_operator.children.metadata import INDEX
from embedding_operator.errors import OperatorError, Refused, Unavailable
from embedding_operator.names import INDEXES, PODS, SERVICES, SNAPSHOTS, Kind
from observed import pod_body
from small_town import DOCS


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    stage = Stage()
    yield stage
    await stage.controller.close()


async def test_everything_is_listed_and_each_index_gets_a_pass(stage: Stage) -> None:
    for name in "abc":
        stage.cluster.add(INDEXES, indexed(1, name))
    await stage.controller.start()
    await stage.passes.wait_for(3)
    assert sorted(name for _, name in stage.passes.asked) == ["a", "b", "c"]
    assert stage.controller.stuck is None


async def test_only_its_namespaces_are_listed(stage: Stage) -> None:
    stage.cluster.add(INDEXES, indexed(1, "a"))
    stage.cluster.add(INDEXES, indexed(1, "b", namespace="others"))
    await stage.make("others", "empty").list_all()
    assert stage.due() == {("others", "b")}


async def test_kinds_that_the_api_server_does_not_know_are_named(stage: Stage) -> None:
    stage.cluster.unknown = {SNAPSHOTS}
    with pytest.raises(Unavailable, match=r"not know embeddingindexsnapshots; apply crds/"):
        await stage.controller.start()
    stage.cluster.unknown.clear()
    await stage.controller.start()
    assert stage.controller.stuck is None


@pytest.mark.parametrize("spec", [{"ingress": "all"}, {"ingress": {}}, {"aliases": [1]}])
async def test_news_of_an_index_that_cannot_be_read_are_news_of_it_alone(
    stage: Stage, spec: dict[str, Any]
) -> None:
    note(stage, INDEXES, indexed(1, "rival", spec={**LIVE, **HOST}))
    note(stage, INDEXES, indexed(2, spec=spec))
    assert DOCS in stage.due()


async def test_a_change_does_not_wait_behind_what_a_list_asks_for(stage: Stage) -> None:
    for name in "abc":
        stage.cluster.add(INDEXES, indexed(1, name))
    await stage.controller.list_all()
    stage.due()
    await stage.controller.list_all()
    note(stage, INDEXES, indexed(2, "c", generation=2))
    assert await stage.controller.queue.take() == ("team", "c")
    assert stage.due() == {("team", "a"), ("team", "b")}


async def test_lists_come_again(stage: Stage) -> None:
    stage.cluster.add(INDEXES, indexed(1))
    await stage.make(resync=0.01).start()
    await stage.passes.wait_for(3)


async def test_of_two_lists_at_once_neither_takes_away_what_the_other_has_read(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    listed, others = stage.cluster.list, list[asyncio.Task[None]]()

    async def list_meanwhile(*asked: Any) -> AsyncIterator[Any]:
        async for body in listed(*asked):
            yield body
            if body["metadata"]["name"] == "c" and not others:
                others.append(asyncio.create_task(stage.controller.list_all()))
            await asyncio.sleep(0)

    monkeypatch.setattr(stage.cluster, "list", list_meanwhile)
    for name in "abc":
        stage.cluster.add(INDEXES, indexed(1, name))
    await stage.controller.list_all()
    await asyncio.gather(*others)
    assert len(list(stage.cache.all(INDEXES))) == 3


async def test_a_list_that_fails_is_tried_again(stage: Stage) -> None:
    await stage.make(resync=0.01).start()
    failures = [Unavailable("no"), Refused("no", 403)]
    stage.cluster.refuse = lambda *_: failures.pop() if failures else None
    stage.cluster.add(INDEXES, indexed(1))
    await stage.passes.wait_for(1)
    assert failures == []
    name = "embedding_operator_background_failures_total"
    assert stage.registry.get_sample_value(name, {"task": "list"}) == 2


async def test_what_happens_while_a_list_is_read_is_not_undone_by_it(stage: Stage) -> None:
    def refuse(verb: str, kind: Kind, name: str) -> OperatorError | None:
        if kind is INDEXES:
            note(stage, INDEXES, indexed(99), "ADDED")
        return None

    stage.cluster.refuse = refuse
    await stage.controller.list_all()
    assert stage.cache.get(INDEXES, *DOCS) is not None


@pytest.mark.parametrize(
    ("change", "is_told"),
    [
        ({"status": {"documents": 5}}, False),
        ({"generation": 2}, True),
        ({"deletionTimestamp": "2026-03-10T12:00:00Z"}, True),
        ({"annotations": {"a": "b"}}, True),
        ({"finalizers": ["x"]}, True),
        ({"uid": "another"}, True),
    ],
)
async def test_our_own_words_of_an_index_are_no_news(
    stage: Stage, change: dict[str, Any], is_told: bool
) -> None:
    note(stage, INDEXES, indexed(1), "ADDED")
    assert stage.due() == {DOCS}
    note(stage, INDEXES, indexed(2, **change))
    assert stage.due() == ({DOCS} if is_told else set())


async def test_what_others_changed_before_our_own_word_is_news(stage: Stage) -> None:
    note(stage, INDEXES, indexed(1), "ADDED")
    stage.due()
    stage.controller.hear(INDEXES, indexed(2, status={"documents": 5}))
    assert stage.due() == set()
    stage.controller.hear(INDEXES, indexed(4, generation=2, status={"documents": 6}))
    assert stage.due() == {DOCS}
    note(stage, INDEXES, indexed(3, generation=2))
    assert stage.due() == set()


async def test_a_claim_that_is_taken_away_is_news(stage: Stage) -> None:
    note(stage, INDEXES, indexed(1, status={"operator": "system/main"}))
    stage.due()
    note(stage, INDEXES, indexed(2, status={}))
    assert stage.due() == {DOCS}


@pytest.mark.parametrize("event", ["ADDED", "MODIFIED", "DELETED", None])
async def test_whatever_happens_to_a_child_is_its_indexs(stage: Stage, event: str | None) -> None:
    note(stage, PODS, pod_body(labels={INDEX: "docs"}, resourceVersion="1"), event)
    assert stage.due() == {DOCS}
    note(stage, SERVICES, pod_body(labels={}), event)
    assert stage.due() == set()


async def test_a_child_that_changes_hands_is_news_for_both(stage: Stage) -> None:
    note(stage, SERVICES, pod_body(labels={INDEX: "docs"}, resourceVersion="1"))
    stage.due()
    note(stage, SERVICES, pod_body(labels={INDEX: "new"}, resourceVersion="2"))
    assert stage.due() == {DOCS, (NAMESPACE, "new")}


async def test_an_event_that_is_told_twice_is_no_news(stage: Stage) -> None:
    body = pod_body(labels={INDEX: "docs"}, resourceVersion="1")
    note(stage, PODS, body, "ADDED")
    stage.due()
    note(stage, PODS, body, "ADDED")
    assert stage.due() == set()


async def test_of_a_snapshot_whose_index_is_gone_it_is_told_where_its_data_stays(
    stage: Stage,
) -> None:
    spec, metadata = {"indexRef": {"name": "docs"}}, {"name": "one", "namespace": NAMESPACE}
    orphan = {"metadata": metadata, "spec": spec, "status": {"uri": "s3://bucket/team/uid/1"}}
    unmade = {"metadata": {**metadata, "name": "two"}, "spec": spec}
    with capture_logs() as logs:
        for body in (orphan, unmade):
            note(stage, SNAPSHOTS, body, "DELETED")
        note(stage, INDEXES, indexed(1))
        note(stage, SNAPSHOTS, orphan, "DELETED")
    (told,) = logs
    assert (told["snapshot"], told["uri"]) == ("one", "s3://bucket/team/uid/1")


async def test_a_snapshot_is_its_indexs(stage: Stage) -> None:
    body = {**pod_body(), "spec": {"indexRef": {"name": "docs"}}}
    note(stage, SNAPSHOTS, body, "DELETED")
    assert stage.due() == {DOCS}


LIVE, HOST = {"aliases": ["live"]}, {"ingress": {"host": "shop.example"}}


@pytest.mark.parametrize(
    ("spec", "namespace", "is_told"),
    [
        (LIVE, NAMESPACE, True),
        (LIVE, "others", False),
        (HOST, "others", True),
        ({"aliases": ["x"], "ingress": {"host": "y"}}, NAMESPACE, False),
        ({}, NAMESPACE, False),
    ],
)
async def test_an_alias_or_a_host_that_is_left_is_news_for_who_asks_for_it(
    stage: Stage, spec: dict[str, Any], namespace: str, is_told: bool
) -> None:
    note(stage, INDEXES, indexed(1, "rival", spec=spec, namespace=namespace))
    note(stage, INDEXES, indexed(2, spec={**LIVE, **HOST}))
    stage.due()
    note(stage, INDEXES, indexed(3, generation=2))
    assert stage.due() == {DOCS, *([(namespace, "rival")] if is_told else [])}


async def test_the_end_of_an_index_is_news_for_its_rivals(stage: Stage) -> None:
    note(stage, INDEXES, indexed(1, "rival", spec=LIVE))
    note(stage, INDEXES, indexed(2, spec=LIVE))
    stage.due()
    note(stage, INDEXES, indexed(3, spec=LIVE), "DELETED")
    assert stage.due() == {DOCS, (NAMESPACE, "rival")}


@pytest.mark.parametrize(
    "make", [lambda: Unavailable("503", 0.01), lambda: Refused("no", 403), lambda: KeyError("x")]
)
async def test_a_pass_that_fails_is_tried_again_and_stops_no_other(
    stage: Stage, make: Callable[[], Exception]
) -> None:
    await stage.controller.start()
    stage.passes.answers = [make()]
    note(stage, INDEXES, indexed(1), "ADDED")
    await stage.passes.wait_for(1)
    note(stage, INDEXES, indexed(2, "other"), "ADDED")
    await stage.passes.wait_for(3)  # which of both comes first is a matter of how busy it is here
    assert sorted(stage.passes.asked) == [DOCS, DOCS, (NAMESPACE, "other")]
    assert stage.controller.stuck is None


async def test_a_pass_may_ask_for_another(stage: Stage) -> None:
    await stage.controller.start()
    stage.passes.answers = [0.01, 0.01]
    note(stage, INDEXES, indexed(1), "ADDED")
    await stage.passes.wait_for(3)
    assert stage.passes.asked == [DOCS] * 3


async def test_each_line_of_a_pass_names_its_index_and_its_generation(stage: Stage) -> None:
    await stage.controller.start()
    note(stage, INDEXES, indexed(1, generation=7), "ADDED")
    await stage.passes.wait_for(1)
    assert stage.passes.bound == {"index": "team/docs", "generation": 7}

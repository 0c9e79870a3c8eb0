"""Objects as the API server told of them last, whatever the order in which it was heard."""

from collections.abc import Iterable, Mapping
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_operator.children.metadata import INDEX
from embedding_operator.names import INDEXES, PODS, SNAPSHOTS, Kind
from embedding_operator.observe.cache import Cache, index_of

DOCS = ("team", "docs")


def a_body(name: str = "p", version: object = 1, uid: str = "u", **meta: Any) -> dict[str, Any]:
    """A pod of the index docs."""
    metadata = {"namespace": "team", "name": name, "uid": uid, "resourceVersion": str(version)}
    return {"metadata": {**metadata, "labels": {INDEX: "docs"}, **meta}}


def version_of(cache: Cache, name: str = "p") -> str | None:
    body = cache.get(PODS, "team", name)
    return None if body is None else str(body["metadata"]["resourceVersion"])


def list_anew(cache: Cache, *bodies: dict[str, Any], kind: Kind = PODS) -> set[tuple[str, str]]:
    cache.begin(kind)
    return finish(cache, *bodies, kind=kind)


def finish(cache: Cache, *bodies: Mapping[str, Any], kind: Kind = PODS) -> set[tuple[str, str]]:
    """Hear a whole list that was begun."""
    news = [cache.take(kind, body) for body in bodies]
    return set().union(*news, cache.end(kind))


def test_an_older_event_does_not_take_a_newer_ones_place() -> None:
    cache = Cache()
    assert cache.put(PODS, a_body(version=9)) is None
    for late in (9, 8, 10):
        cache.put(PODS, a_body(version=late))
    assert version_of(cache) == "10"


def test_versions_are_numbers_and_no_texts() -> None:
    cache = Cache()
    cache.put(PODS, a_body(version=9))
    cache.put(PODS, a_body(version=10))
    cache.put(PODS, a_body(version=9))
    assert version_of(cache) == "10"


def test_a_version_that_is_no_number_is_news_when_it_differs() -> None:
    cache = Cache()
    cache.put(PODS, a_body(version="b"))
    cache.put(PODS, a_body(version="a"))
    assert version_of(cache) == "a"


def test_of_two_objects_without_numbers_the_one_made_later_is_kept() -> None:
    cache = Cache()
    cache.put(PODS, a_body(version="x", uid="new", creationTimestamp="2026-03-02T00:00:00Z"))
    cache.put(PODS, a_body(version="y", uid="old", creationTimestamp="2026-03-01T00:00:00Z"))
    assert version_of(cache) == "x"


def test_an_end_that_is_told_late_leaves_the_next_of_that_name() -> None:
    cache = Cache()
    cache.put(PODS, a_body(version=1, uid="old"))
    cache.put(PODS, a_body(version=3, uid="new"))
    cache.drop(PODS, a_body(version=2, uid="old"))
    assert version_of(cache) == "3"


def test_what_was_deleted_and_made_again_in_one_second_is_the_new_one() -> None:
    cache = Cache()
    second = {"creationTimestamp": "2026-03-01T00:00:00Z"}
    cache.put(PODS, a_body(version=3, uid="new", **second))
    cache.put(PODS, a_body(version=1, uid="old", **second))
    assert version_of(cache) == "3"


def test_a_change_told_after_the_end_does_not_bring_it_back() -> None:
    cache = Cache()
    cache.put(PODS, a_body(version=1))
    cache.drop(PODS, a_body(version=3))
    cache.put(PODS, a_body(version=2))
    assert version_of(cache) is None


def test_a_list_drops_what_is_gone_and_tells_whose_it_was() -> None:
    cache = Cache()
    list_anew(cache, a_body("gone"), a_body("stays"))
    assert list_anew(cache, a_body("stays")) == {DOCS}
    assert [each["metadata"]["name"] for each in cache.owned(PODS, DOCS)] == ["stays"]


def test_a_list_that_says_nothing_new_has_no_news() -> None:
    cache = Cache()
    assert list_anew(cache, a_body()) == {DOCS}
    assert list_anew(cache, a_body()) == set()
    assert list_anew(cache, a_body(version=2)) == {DOCS}


def test_a_list_that_is_older_than_an_event_does_not_undo_it() -> None:
    cache = Cache()
    list_anew(cache, a_body("changed", 1), a_body("deleted", 2))
    cache.begin(PODS)
    cache.put(PODS, a_body("changed", 5))
    cache.put(PODS, a_body("made", 6, uid="made"))
    cache.drop(PODS, a_body("deleted", 7, uid="u-deleted"))
    news = finish(cache, a_body("changed", 1), a_body("deleted", 2, uid="u-deleted"))
    assert (version_of(cache, "changed"), version_of(cache, "made")) == ("5", "6")
    assert news == set()


def test_what_ended_while_a_list_was_read_does_not_come_back_by_it() -> None:
    cache = Cache()
    list_anew(cache, a_body(version=1))
    cache.begin(PODS)
    cache.drop(PODS, a_body(version=2))
    finish(cache, a_body(version=1))
    assert version_of(cache) is None


def test_an_object_that_goes_to_another_index_is_news_for_both() -> None:
    cache = Cache()
    list_anew(cache, a_body())
    moved = a_body(version=2, labels={INDEX: "other"})
    assert list_anew(cache, moved) == {DOCS, ("team", "other")}
    assert list(cache.owned(PODS, DOCS)) == []
    assert len(list(cache.owned(PODS, ("team", "other")))) == 1


def test_kinds_and_namespaces_are_apart() -> None:
    cache = Cache()
    cache.put(PODS, a_body())
    cache.put(INDEXES, a_body())
    cache.put(PODS, a_body(uid="v", namespace="others"))
    list_anew(cache, kind=INDEXES)
    assert [len(list(cache.all(kind))) for kind in (PODS, INDEXES)] == [2, 0]
    assert len(list(cache.owned(PODS, DOCS))) == 1


def test_managed_fields_are_not_kept() -> None:
    cache = Cache()
    cache.put(PODS, a_body(managedFields=[{"manager": "kubectl"}]))
    kept = cache.get(PODS, "team", "p")
    assert kept is not None
    assert "managedFields" not in kept["metadata"]


def test_each_kind_says_its_index_in_its_own_way() -> None:
    bare = {"metadata": {"namespace": "team", "name": "x"}}
    assert index_of(INDEXES, bare) == ("team", "x")
    assert index_of(SNAPSHOTS, {**bare, "spec": {"indexRef": {"name": "docs"}}}) == DOCS
    assert index_of(PODS, a_body()) == DOCS
    assert [index_of(kind, {**bare, "spec": None}) for kind in (SNAPSHOTS, PODS)] == [None, None]


NAMES = st.sampled_from(["p", "q"])
STEPS = st.lists(st.tuples(NAMES, st.sampled_from(["put", "delete"])), max_size=8)
Event = tuple[str, dict[str, Any]]


def tell(steps: Iterable[tuple[str, str]]) -> tuple[list[Event], dict[str, dict[str, Any]]]:
    """Events of a history in their order, and what there is at its end."""
    events: list[Event] = []
    live: dict[str, dict[str, Any]] = {}
    for version, (name, what) in enumerate(steps, start=1):
        if what == "put":
            uid = live[name]["metadata"]["uid"] if name in live else f"u{version}"
            live[name] = a_body(name, version, uid)
            events.append(("put", live[name]))
        elif (there := live.pop(name, None)) is not None:
            events.append(("drop", a_body(name, version, there["metadata"]["uid"])))
    return events, live


def hear(cache: Cache, events: Iterable[Event]) -> None:
    for what, body in events:
        (cache.put if what == "put" else cache.drop)(PODS, body)


@settings(deadline=None)
@given(steps=STEPS, draw=st.data())
def test_events_in_any_order_and_a_last_list_come_to_the_list(
    steps: list[tuple[str, str]], draw: st.DataObject
) -> None:
    events, live = tell(steps)
    doubled = [event for event in events for _ in range(draw.draw(st.integers(0, 2)))]
    cache = Cache()
    hear(cache, draw.draw(st.permutations(doubled)))
    list_anew(cache, *live.values())
    assert {each["metadata"]["name"]: each for each in cache.all(PODS)} == live
    assert len(list(cache.owned(PODS, DOCS))) == len(live)


@settings(deadline=None)
@given(steps=STEPS, draw=st.data())
def test_events_and_a_list_of_any_earlier_moment_come_to_the_last_event(
    steps: list[tuple[str, str]], draw: st.DataObject
) -> None:
    events, live = tell(steps)
    begun = draw.draw(st.integers(0, len(events)))
    ended = draw.draw(st.integers(begun, len(events)))
    moment = draw.draw(st.integers(begun, ended))
    cache = Cache()
    hear(cache, events[:begun])
    cache.begin(PODS)
    hear(cache, events[begun:ended])
    listed = Cache()
    hear(listed, events[:moment])
    finish(cache, *listed.all(PODS))
    hear(cache, events[ended:])
    assert {each["metadata"]["name"]: each for each in cache.all(PODS)} == live

"""What kopf is told to watch, and what becomes of what it has watched."""

import asyncio
from typing import Any, cast

from embedding_operator.controller import SELECTOR, WATCHED
from embedding_operator.handlers import build_registry, build_settings, watch
from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from embedding_operator.plan.deletion import FINALIZER
from observed import pod_body

SERVER = "https://10.96.0.1:443"


class Noted:
    """A controller that keeps what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[Kind, str | None, Any]] = []

    def note(self, kind: Kind, event: str | None, body: Any) -> None:
        self.told.append((kind, event, body))


async def test_every_kind_is_watched_and_each_event_goes_on_as_it_is() -> None:
    noted = Noted()
    registry = build_registry(noted.note, SERVER)
    handlers = {str(each.id): each for each in registry._watching.get_all_handlers()}
    assert set(handlers) == {kind.plural for kind in WATCHED}
    for kind in WATCHED:
        for type_ in (None, "ADDED", "MODIFIED", "DELETED"):
            event = {"type": type_, "object": pod_body(name=kind.plural)}
            await cast("Any", handlers[kind.plural].fn)(event=event, body={}, logger=None, memo={})
    assert noted.told == [
        (kind, type_, pod_body(name=kind.plural))
        for kind in WATCHED
        for type_ in (None, "ADDED", "MODIFIED", "DELETED")
    ]


def test_kopf_writes_nothing_of_its_own() -> None:
    registry = build_registry(Noted().note, SERVER)
    for writing in (registry._changing, registry._spawning, registry._indexing, registry._webhooks):
        assert not list(writing.get_all_handlers())
    settings = build_settings()
    assert not settings.posting.enabled
    assert settings.peering.standalone
    assert settings.persistence.finalizer != FINALIZER


def test_others_objects_are_never_asked_for() -> None:
    selectors = build_settings().watching.label_selectors
    assert set(selectors.values()) == {SELECTOR}
    plurals = {kind.plural for kind in WATCHED if kind not in (INDEXES, SNAPSHOTS)}
    assert {each.any_name for each in cast("Any", selectors)} == plurals


async def test_room_is_made_for_all_that_kopf_asks_at_first_and_who_stops_meanwhile_stops() -> None:
    stop, asked = asyncio.Event(), []

    async def leave_room(requests: int, seconds: float) -> None:
        asked.append(requests)
        stop.set()

    for namespaces in ((), ("a",), ("a", "b")):
        await watch(cast("Any", None), namespaces, "me", stop, leave_room, SERVER)
    kinds = len(WATCHED)
    assert [each - asked[0] for each in asked] == [0, 0, 2 * kinds]
    assert asked[0] > 2 * kinds

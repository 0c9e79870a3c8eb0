"""kopf, as the informer: it watches, logs in again, reconnects.

What was watched goes to the controller at once; nothing is decided here. The only importer of kopf.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final, TypeAlias

import kopf
import structlog

from embedding_operator.controller import SELECTOR, WATCHED, Controller
from embedding_operator.names import GROUP, INDEXES, SNAPSHOTS, Kind
from embedding_operator.patience import persist, rest

_WATCH_SECONDS: Final = 300
_IDLE_SECONDS: Final = 0.2
_PAUSE: Final = 1.0
"""Seconds between an end of kopf and its next beginning."""
_ASKED: Final = 10
"""Requests with which kopf learns the kinds there are; then it lists and watches each it is to."""
_BEGUN: Final = 2.0
"""Seconds in which it makes all those, where the API server is quick."""
_PAGE: Final = 500
"""Objects of one answer to a list of kopf's: it asks for all kinds at once, and would ask for most
of the pages of thousands of objects within a second."""
Note: TypeAlias = Callable[[Kind, str | None, dict[str, Any]], None]
"""Hears of each event: its kind, its type, the object."""

_log = structlog.stdlib.get_logger(__name__)


async def watch(
    controller: Controller,
    namespaces: tuple[str, ...],
    identity: Any,
    stop: asyncio.Event,
    leave_room: Callable[[int, float], Awaitable[None]],
    server: str,
) -> None:
    """Watch the API server at `server` until `stop` is set, as whoever `identity` names.

    kopf begins with many requests at once, for which `leave_room` (how many, in how many seconds)
    waits. It ends at an answer that it does not know, a 410 to a list among them. Then everything
    is read anew, for what it missed, and it begins again.
    """
    loop = asyncio.get_running_loop()

    def note(*event: Any) -> None:
        loop.call_soon_threadsafe(controller.note, *event)

    requests = _ASKED + 2 * len(WATCHED) * max(1, len(namespaces))
    while True:
        await leave_room(requests, _BEGUN)
        if stop.is_set():
            return
        try:
            await _run(build_registry(note, server), namespaces, identity, stop)
        except Exception as error:  # noqa: BLE001  whatever it is, to watch no more is worse
            _log.warning("watching begins again", reason=str(error) or type(error).__name__)
            await rest(_PAUSE, stop)
            await persist(controller.look, stop)


async def _run(
    registry: kopf.OperatorRegistry,
    namespaces: tuple[str, ...],
    identity: Any,
    stop: asyncio.Event,
) -> None:
    """Run kopf to its end, in a thread and a loop of its own.

    In the first thread it takes the process's signals; and when it ends, it cancels whatever else
    there is in its loop.
    """
    loops: asyncio.Queue[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = asyncio.Queue()
    ours = asyncio.get_running_loop()

    async def run() -> None:
        stopping = asyncio.Event()
        ours.call_soon_threadsafe(loops.put_nowait, (asyncio.get_running_loop(), stopping))
        await kopf.operator(
            registry=registry,
            settings=build_settings(),
            standalone=True,
            identity=identity,  # else it asks for the user's name, and a container's has none
            clusterwide=not namespaces,
            namespaces=namespaces,
            stop_flag=stopping,
        )

    running = asyncio.create_task(asyncio.to_thread(asyncio.run, run()))
    told = asyncio.create_task(stop.wait())
    theirs, stopping = await loops.get()
    await asyncio.wait((running, told), return_when=asyncio.FIRST_COMPLETED)
    told.cancel()
    with suppress(RuntimeError):  # it has ended by itself
        theirs.call_soon_threadsafe(stopping.set)
    await running


def build_registry(note: Note, server: str) -> kopf.OperatorRegistry:
    """Event handlers alone: any other kind writes annotations or finalizers of kopf's."""
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(_log_in_to(server))
    for kind in WATCHED:
        group, _, version = kind.api.rpartition("/")
        decorate = kopf.on.event(group, version, kind.plural, id=kind.plural, registry=registry)
        decorate(_hear(note, kind))
    return registry


def _hear(note: Note, kind: Kind) -> Any:
    async def hear(event: dict[str, Any], **_: Any) -> None:
        note(kind, event["type"], event["object"])

    return hear


def _log_in_to(server: str) -> Any:
    """By the pod's service account, else by KUBECONFIG."""

    def login(**arguments: Any) -> Any:
        in_cluster = kopf.login_with_service_account(**arguments)
        if in_cluster is None:
            return kopf.login_with_kubeconfig(**arguments)
        # kopf has a name there, and would be blind for as long as no name is found.
        return replace(in_cluster, server=server)

    return login


class _NoHistory(kopf.DiffBaseStorage):
    """Nobody asks kopf what has changed; by itself it copies every object that it hears of."""

    def build(self, **_: Any) -> Any:
        return {}

    def fetch(self, **_: Any) -> None:
        return None

    def store(self, **_: Any) -> None:
        pass


def build_settings() -> kopf.OperatorSettings:
    """Those of the informer; the rest of kopf is not used."""
    settings = kopf.OperatorSettings()
    settings.peering.standalone = True
    # The kinds are there from the start, or the first list fails; to watch for others takes rights
    # over all definitions and namespaces.
    settings.scanning.disabled = True
    settings.posting.enabled = False
    # Never the name of our own finalizer: kopf takes its own away where it has no use for it.
    settings.persistence.finalizer = f"{GROUP}/informer"
    settings.persistence.diffbase_storage = _NoHistory()
    settings.watching.server_timeout = _WATCH_SECONDS
    settings.watching.client_timeout = _WATCH_SECONDS + 30
    settings.watching.connect_timeout = 10
    settings.watching.chunk_size = _PAGE
    settings.networking.request_timeout = 30
    # An idle worker of an object holds the object's last event, and after a list all have one.
    settings.queueing.idle_timeout = _IDLE_SECONDS
    # It would end this process so long after its own end, by which it begins again here.
    settings.process.ultimate_exiting_timeout = None
    for kind in WATCHED:
        if kind not in (INDEXES, SNAPSHOTS):
            group, _, version = kind.api.rpartition("/")
            settings.watching.label_selectors[group, version, kind.plural] = SELECTOR
    return settings

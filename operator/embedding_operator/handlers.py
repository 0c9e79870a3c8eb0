"""kopf, as the informer: it watches, logs in again, reconnects.

What was watched goes to the controller at once; nothing is decided here. The only importer of kopf.
"""

from typing import Any, Final

import kopf

from embedding_operator.controller import SELECTOR, WATCHED, Controller
from embedding_operator.names import GROUP, INDEXES, SNAPSHOTS, Kind

_WATCH_SECONDS: Final = 300


async def watch(
    controller: Controller, namespaces: tuple[str, ...], identity: Any, stop: Any
) -> None:
    """Watch until `stop`, an asyncio.Event, is set, as whoever `identity` names."""
    await kopf.operator(
        registry=build_registry(controller),
        settings=build_settings(),
        standalone=True,
        identity=identity,  # else it asks for the user's name, and a container's has none
        clusterwide=not namespaces,
        namespaces=namespaces,
        stop_flag=stop,
    )


def build_registry(controller: Controller) -> kopf.OperatorRegistry:
    """Event handlers alone: any other kind writes annotations or finalizers of kopf's."""
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(login)
    for kind in WATCHED:
        group, _, version = kind.api.rpartition("/")
        decorate = kopf.on.event(group, version, kind.plural, id=kind.plural, registry=registry)
        decorate(_note(controller, kind))
    return registry


def _note(controller: Controller, kind: Kind) -> Any:
    async def note(event: dict[str, Any], **_: Any) -> None:
        controller.note(kind, event["type"], event["object"])

    return note


def login(**arguments: Any) -> Any:
    """By the pod's service account, else by KUBECONFIG."""
    in_cluster = kopf.login_with_service_account(**arguments)
    return in_cluster or kopf.login_with_kubeconfig(**arguments)


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
    settings.watching.server_timeout = _WATCH_SECONDS
    settings.watching.client_timeout = _WATCH_SECONDS + 30
    settings.watching.connect_timeout = 10
    settings.watching.chunk_size = 200
    settings.networking.request_timeout = 30
    settings.process.ultimate_exiting_timeout = 20
    for kind in WATCHED:
        if kind not in (INDEXES, SNAPSHOTS):
            group, _, version = kind.api.rpartition("/")
            settings.watching.label_selectors[group, version, kind.plural] = SELECTOR
    return settings

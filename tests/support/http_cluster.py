"""The API server in memory, over HTTP: what KubernetesCluster and kopf ask of one, no more."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from embedding_operator.errors import Refused
from embedding_operator.names import (
    CHILDREN,
    EVENTS,
    INDEXES,
    NAMESPACES,
    PODS,
    SECRETS,
    SNAPSHOTS,
    Kind,
)
from fake_cluster import FakeCluster

DEFINITIONS = Kind(
    "apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions"
)
KINDS = (*CHILDREN, PODS, SECRETS, EVENTS, INDEXES, SNAPSHOTS, NAMESPACES, DEFINITIONS)
"""The last two kopf wants to know of, though it is told to leave them alone."""
_ROOT = r"/{group:api/v1|apis/[^/]+/[^/]+}"
_ALL = _ROOT + "/{plural}"
_SOME = _ROOT + "/namespaces/{namespace}/{plural}"
_ONE = _SOME + "/{name}"


@dataclass
class HttpCluster:
    """`cluster` is what there is, `watched` the kinds that somebody watches."""

    cluster: FakeCluster = field(default_factory=FakeCluster)
    watched: set[str] = field(default_factory=set)
    _watches: list[tuple[Kind, asyncio.Queue[dict[str, Any] | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cluster.watcher = self._tell

    def make_app(self) -> web.Application:
        app = web.Application()
        app.on_shutdown.append(self._end_watches)
        routes = app.router
        routes.add_get("/version", _answer({"major": "1", "minor": "36"}))
        routes.add_get("/api", _answer({"versions": ["v1"]}))
        routes.add_get("/apis", _answer({"groups": _list_groups()}))
        routes.add_get(_ROOT, self._discover)
        routes.add_get(_ALL, self._list)
        routes.add_get(_SOME, self._list)
        routes.add_post(_SOME, self._create)
        routes.add_get(_ONE, self._get)
        routes.add_patch(_ONE, self._patch)
        routes.add_patch(_ONE + "/status", self._patch)
        return app

    async def _discover(self, request: web.Request) -> web.Response:
        group = request.match_info["group"]
        verbs = ["list", "watch", "patch"]
        kinds = [
            {
                "name": kind.plural,
                "kind": kind.kind,
                "singularName": kind.kind.lower(),
                "namespaced": kind not in {NAMESPACES, DEFINITIONS},
                "verbs": verbs,
            }
            for kind in KINDS
            if kind.path == f"/{group}"
        ]
        return web.json_response({"resources": kinds})

    async def _list(self, request: web.Request) -> web.StreamResponse:
        kind, query = _find_kind(request), request.query
        if query.get("watch") == "true":
            return await self._watch(request, kind)
        namespace = request.match_info.get("namespace")
        selector = query.get("labelSelector", "")

        async def read() -> dict[str, Any]:
            items = [body async for body in self.cluster.list(kind, namespace, selector)]
            return {"metadata": {"resourceVersion": str(self.cluster._version)}, "items": items}

        return await _carry_out(read())

    async def _watch(self, request: web.Request, kind: Kind) -> web.StreamResponse:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._watches.append((kind, queue))
        self.watched.add(kind.kind)
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        while (event := await queue.get()) is not None:
            await response.write(json.dumps(event).encode() + b"\n")
        return response

    async def _get(self, request: web.Request) -> web.Response:
        where = request.match_info
        return await _carry_out(
            self.cluster.get(_find_kind(request), where["namespace"], where["name"])
        )

    async def _create(self, request: web.Request) -> web.Response:
        manager = request.query.get("fieldManager", "")
        return await _carry_out(
            self.cluster.create(_find_kind(request), await request.json(), manager)
        )

    async def _patch(self, request: web.Request) -> web.Response:
        kind, where, body = _find_kind(request), request.match_info, await request.json()
        if request.content_type == "application/merge-patch+json":
            return await _carry_out(
                self.cluster.patch(kind, where["namespace"], where["name"], body)
            )
        apply = (
            self.cluster.apply_status if request.path.endswith("/status") else self.cluster.apply
        )
        is_forced = request.query["force"] == "true"
        manager = request.query["fieldManager"]
        return await _carry_out(apply(kind, body, manager, is_forced=is_forced))

    def _tell(self, kind: Kind, event: str, body: Mapping[str, Any]) -> None:
        told = {"apiVersion": kind.api, "kind": kind.kind, **body}
        for each, queue in self._watches:
            if each is kind:
                queue.put_nowait({"type": event, "object": told})

    async def _end_watches(self, app: web.Application) -> None:
        for _kind, queue in self._watches:
            queue.put_nowait(None)


def _answer(content: object) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return web.json_response(content)

    return answer


def _list_groups() -> list[dict[str, Any]]:
    apis = sorted({kind.api for kind in KINDS if "/" in kind.api})
    split = [api.split("/") for api in apis]
    return [
        {
            "name": group,
            "versions": [{"version": version}],
            "preferredVersion": {"version": version},
        }
        for group, version in split
    ]


def _find_kind(request: web.Request) -> Kind:
    where = request.match_info
    found = [
        kind
        for kind in KINDS
        if (kind.path, kind.plural) == (f"/{where['group']}", where["plural"])
    ]
    if not found:
        raise web.HTTPNotFound(text="{}")
    return found[0]


async def _carry_out(call: Any) -> web.Response:
    try:
        return web.json_response(await call)
    except Refused as error:
        told = {"message": error.message, "reason": error.reason}
        return web.json_response(told, status=error.status)

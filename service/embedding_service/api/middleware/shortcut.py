"""The way to routes without parameters: one look into a table, then the route's own function.

FastAPI's goes through nine frames, tries one route after the other and solves dependencies that
ours do not have: a fifth of what a short request costs (py-spy, 32 at once). Whatever is not in the
table goes that way still: paths with parameters, other methods, paths that are not there.
"""

import inspect
from collections.abc import Iterable, Mapping
from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from embedding_service.api.exchange import exchange_of

_SOLE_PARAMETER: Final = ["request"]


class Shortcut:
    """Innermost: stands before the application's router."""

    def __init__(self, app: ASGIApp, routers: Iterable[APIRouter]) -> None:
        self._app = app
        self._routes = build_table(routers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Call the route's function if the table has it, else leave it to the router."""
        if scope["type"] == "http":
            route = self._routes.get((scope["method"], exchange_of(scope).path))
            if route is not None:
                scope["route"] = route  # as the router does, for log, metrics and traces
                response = await route.endpoint(Request(scope, receive, send))
                await response(scope, receive, send)
                return
        await self._app(scope, receive, send)


def build_table(routers: Iterable[APIRouter]) -> Mapping[tuple[str, str], APIRoute]:
    """Routes by method and path that the router would find there as well, and call the same way."""
    table: dict[tuple[str, str], APIRoute] = {}
    before: list[APIRoute] = []
    for route in (each for router in routers for each in router.routes):
        if not isinstance(route, APIRoute):
            continue
        for method in route.methods or ():
            is_taken = any(
                method in (one.methods or ()) and one.path_regex.match(route.path) for one in before
            )
            if _is_plain(route) and not is_taken:
                table[method, route.path] = route
        before.append(route)
    return table


def _is_plain(route: APIRoute) -> bool:
    """Whether all there is to it is a coroutine function from the request to its answer."""
    signature = inspect.signature(route.endpoint)
    return (
        "{" not in route.path
        and not route.dependencies
        and inspect.iscoroutinefunction(route.endpoint)
        and list(signature.parameters) == _SOLE_PARAMETER
        and signature.return_annotation is Response
    )

"""Outermost: gives every request its id, and tells log and metrics what became of it."""

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars
from structlog.typing import FilteringBoundLogger

from embedding_service.api.exchange import Exchange, open_exchange
from embedding_service.api.headers import REQUEST_ID, add_headers
from embedding_service.telemetry.metrics import METHODS, Metrics

_log: FilteringBoundLogger = structlog.get_logger("embedding_service.access")


class Recording:
    """One log line and one set of metrics for each request, whatever happens to it."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = open_exchange(scope)

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                exchange.status = message["status"]
                add_headers(
                    message,
                    {REQUEST_ID: exchange.request_id, "X-Content-Type-Options": "nosniff"},
                )
            await send(message)

        ids = {"request_id": exchange.request_id, "trace_id": exchange.trace_id}
        with bound_contextvars(**{name: id_ for name, id_ in ids.items() if id_}):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                self._count(scope, exchange)
                _tell(scope, exchange)

    def _count(self, scope: Scope, exchange: Exchange) -> None:
        route, seconds = _route_of(scope, exchange), exchange.seconds
        method = scope["method"] if scope["method"] in METHODS else "other"
        self._metrics.http_requests.labels(route, method, str(exchange.status)).inc()
        self._metrics.http_duration.labels(route).observe(seconds)
        if exchange.code:
            self._metrics.refusals.labels(exchange.code).inc()


def _tell(scope: Scope, exchange: Exchange) -> None:
    facts = {
        "method": scope["method"] if scope["method"] in METHODS else "other",
        "route": _route_of(scope, exchange),
        "status": exchange.status,
        "duration_ms": round(exchange.seconds * 1000, 1),
        "code": exchange.code,
        "key": exchange.key,
        "failure": exchange.failure,
    }
    told = {name: fact for name, fact in facts.items() if fact is not None}
    if exchange.failure:
        _log.error("request failed", **told)
    elif exchange.is_quiet:
        _log.debug("request", **told)
    else:
        _log.info("request", **told)


def _route_of(scope: Scope, exchange: Exchange) -> str:
    """The route's template, never the path: paths are the caller's text and have no bound."""
    if route := scope.get("route"):
        return str(route.path_format)
    return "/docs" if exchange.is_docs else "unmatched"

"""The door of the operator's port: open for probes and metrics, for the rest to its tokens."""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from embedding_service.api.exchange import exchange_of
from embedding_service.api.operating.tokens import OperatorKeys


class Gate:
    """Unknown routes are behind it too."""

    def __init__(self, app: ASGIApp, keys: OperatorKeys) -> None:
        self._app = app
        self._keys = keys

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or raise NotAuthenticated."""
        if scope["type"] == "http" and not exchange_of(scope).is_probe:
            self._keys.check(Headers(scope=scope).get("authorization"))
        await self._app(scope, receive, send)

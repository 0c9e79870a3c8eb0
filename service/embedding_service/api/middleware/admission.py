"""Who gets in: nobody while draining, only known keys where there are keys. Counts those inside."""

from contextlib import nullcontext

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embedding_service.api.auth import Authenticator
from embedding_service.api.exchange import exchange_of
from embedding_service.api.headers import add_headers
from embedding_service.api.lifecycle import Lifecycle
from embedding_service.api.refusals import Draining
from embedding_service.telemetry.metrics import Metrics


class Admission:
    """The door of everything that is work; probes and documentation pass by it."""

    def __init__(
        self,
        app: ASGIApp,
        lifecycle: Lifecycle,
        metrics: Metrics,
        authenticator: Authenticator | None,
    ) -> None:
        self._app = app
        self._lifecycle = lifecycle
        self._metrics = metrics
        self._authenticator = authenticator

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the work in, or raise why not."""
        if scope["type"] != "http" or not exchange_of(scope).is_work:
            await self._app(scope, receive, send)
            return
        if self._lifecycle.is_draining:
            raise Draining

        async def send_goodbye(message: Message) -> None:
            if message["type"] == "http.response.start" and self._lifecycle.is_leaving:
                add_headers(message, {"Connection": "close"})
            await send(message)

        authorization = Headers(scope=scope).get("authorization")
        admitted = (
            self._authenticator.admit(authorization) if self._authenticator else nullcontext()
        )
        with (
            admitted as key,
            self._lifecycle.track(),
            self._metrics.active_requests.track_inprogress(),
        ):
            exchange_of(scope).key = key
            await self._app(scope, receive, send_goodbye)

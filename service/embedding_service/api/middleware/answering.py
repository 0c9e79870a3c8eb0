"""Turns every exception into an answer of the dialect that was spoken; the only place that does."""

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embedding_service.api.dialects import render
from embedding_service.api.exchange import exchange_of
from embedding_service.api.failures import record_failure

CLIENT_GONE = 499
"""Status in log and metrics when nobody is left to answer (nginx's number)."""


class BrokenAnswer(Exception):
    """An answer failed after its head was sent: the server must cut the connection."""


class Answering:
    """The frame around everything that may raise."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer whatever is raised inside."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_watched(message: Message) -> None:
            nonlocal has_started
            has_started = True
            await send(message)

        exchange = exchange_of(scope)
        try:
            await self._app(scope, receive, send_watched)
        except ClientDisconnect:
            exchange.status = CLIENT_GONE
        except Exception as error:  # noqa: BLE001  beyond this the server logs it, message and all
            problem = record_failure(exchange, error)
            if has_started:
                raise BrokenAnswer(problem.code) from None
            await render(problem, exchange.dialect, exchange.request_id)(scope, receive, send)

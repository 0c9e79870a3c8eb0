"""Ends the work of a client that has gone; starlette by itself would finish it for nobody."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embedding_service.api.exchange import exchange_of
from embedding_service.errors import Unavailable

_UNWATCHED = 0.05
"""Seconds; most work is done by then, and listening for its client's end would cost more."""


class Disconnection:
    """Runs the work, and beside it a listener for the client's end where it takes long."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the work until it ends or nobody waits for it."""
        task = asyncio.current_task()
        if scope["type"] != "http" or not exchange_of(scope).is_work or task is None:
            await self._app(scope, receive, send)
            return
        line = _Line(receive, send, task)
        try:
            await self._app(scope, line.receive, line.send)
        except asyncio.CancelledError:
            if line.has_cancelled and task.cancelling() == 1:  # nobody else has
                raise ClientDisconnect from None
            if not task.cancelling():
                raise Unavailable(
                    "the work was dropped before it was done; send the request again"
                ) from None
            raise
        finally:
            line.close()


class _Line:
    """The connection, with one reader at a time: the work until it has the body, then `_listen`."""

    def __init__(self, receive: Receive, send: Send, work: asyncio.Task[None]) -> None:
        self.has_cancelled = False
        """Whether the work was cancelled because its client has gone."""
        self._receive = receive
        self._send = send
        self._work = work
        self._has_body = False
        self._is_answered = False
        self._listener: asyncio.Task[None] | None = None
        self._timer = asyncio.get_running_loop().call_later(_UNWATCHED, self._look)

    async def receive(self) -> Message:
        if self._has_body:
            await asyncio.wait({self._ensure_listener()})
            return {"type": "http.disconnect"}
        message = await self._receive()
        if not message.get("more_body", False):  # the last of the body, or the client's end
            self._has_body = True
        return message

    async def send(self, message: Message) -> None:
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self._is_answered = True

    def close(self) -> None:
        """Stop listening; the work has ended."""
        self._timer.cancel()
        if self._listener is not None:
            self._listener.cancel()
        if self.has_cancelled:
            self._work.uncancel()

    def _look(self) -> None:
        if self._has_body:
            self._listener = self._ensure_listener()
        else:  # the work still reads, and so sees for itself
            self._timer = asyncio.get_running_loop().call_later(_UNWATCHED, self._look)

    def _ensure_listener(self) -> asyncio.Task[None]:
        if self._listener is None:
            self._listener = asyncio.create_task(self._listen())
        return self._listener

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        if not self._is_answered:
            self.has_cancelled = True
            self._work.cancel()

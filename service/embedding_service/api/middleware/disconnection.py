"""Ends the work of a client that has gone; starlette by itself would finish it for nobody."""

import asyncio

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from embedding_service.api.exchange import exchange_of
from embedding_service.errors import Unavailable


class Disconnection:
    """Runs the work in a task of its own, beside a listener for the client's end.

    A task, because cancelling the one we run in cannot be told apart from the server's own
    cancelling of it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the work until it ends or nobody waits for it."""
        if scope["type"] != "http" or not exchange_of(scope).is_work:
            await self._app(scope, receive, send)
            return
        line = _Line(receive, send)
        work = asyncio.ensure_future(self._app(scope, line.receive, line.send))
        listener = asyncio.create_task(line.listen())
        try:
            await asyncio.wait({work, listener}, return_when=asyncio.FIRST_COMPLETED)
            is_abandoned = not work.done() and not line.is_answered
            if is_abandoned:
                work.cancel()
            await asyncio.wait({work})
        finally:
            listener.cancel()
            if not work.done():  # we are being cancelled ourselves
                work.cancel()
                await asyncio.gather(work, return_exceptions=True)
        if not work.cancelled():
            work.result()
        elif is_abandoned:
            raise ClientDisconnect
        else:
            raise Unavailable("the work was dropped before it was done; send the request again")


class _Line:
    """The connection, with one reader at a time: the work until it has the body, then `listen`."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._has_body = asyncio.Event()
        self._is_gone = asyncio.Event()
        self.is_answered = False

    async def receive(self) -> Message:
        if self._has_body.is_set():
            await self._is_gone.wait()
            return {"type": "http.disconnect"}
        message = await self._receive()
        if not message.get("more_body", False):  # the last of the body, or the client's end
            self._has_body.set()
        return message

    async def send(self, message: Message) -> None:
        await self._send(message)
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.is_answered = True

    async def listen(self) -> None:
        """Return when the client is gone, or has its answer."""
        await self._has_body.wait()
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._is_gone.set()

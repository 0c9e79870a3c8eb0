"""The front's end of a worker's channel: one batch at a time, long ones read into their matrix."""

import asyncio
import socket
from dataclasses import dataclass
from typing import cast

import numpy as np

from embedding_service.inference.backends.base import TokenBatch
from embedding_service.inference.workers.wire import (
    REPLY_HEADER,
    ReplyHeader,
    Status,
    pack_batch,
)
from embedding_service.vectors import Matrix

_SCRATCH = 16_384
"""Bytes read at first: a header, and all of a short answer."""


class WorkerLost(Exception):
    """The worker's end of the channel is closed: it has died or was killed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a worker answered to one batch."""

    status: Status
    matrix: Matrix | None
    """Shape (texts, dimension) when done."""
    message: str
    """What went wrong otherwise."""
    device_memory: int
    seconds: float


class WorkerLink(asyncio.BufferedProtocol):
    """Sends a batch, reads its reply, and knows at once when the worker is gone."""

    def __init__(self) -> None:
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the worker's end is closed."""
        self._transport: asyncio.Transport | None = None
        self._reply: asyncio.Future[Reply] | None = None
        self._header: ReplyHeader | None = None
        self._matrix: Matrix | None = None
        self._scratch = memoryview(bytearray(_SCRATCH))
        self._body = memoryview(b"")
        self._filled = 0

    @classmethod
    async def open(cls, end: socket.socket) -> "WorkerLink":
        """Take over the front's end of a socket pair."""
        end.setblocking(False)
        _, link = await asyncio.get_running_loop().create_unix_connection(cls, sock=end)
        return link

    async def run(self, batch: TokenBatch) -> Reply:
        """Have one batch embedded.

        Raises WorkerLost. A cancelled run leaves the link unusable: kill the worker.
        """
        if self._transport is None or self.lost.done():
            raise WorkerLost
        self._reply = asyncio.get_running_loop().create_future()
        self._transport.writelines(pack_batch(batch))
        return await self._reply

    def close(self) -> None:
        """Close the channel; an idle worker ends."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        if not self.lost.done():
            self.lost.set_result(None)
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(WorkerLost())

    def get_buffer(self, sizehint: int) -> memoryview:
        """Called by the loop: where the next bytes go."""
        return (self._scratch if self._header is None else self._body)[self._filled :]

    def buffer_updated(self, nbytes: int) -> None:
        """Called by the loop: the header and what came with it, then the rest of the body."""
        self._filled += nbytes
        if self._header is None:
            if self._filled < REPLY_HEADER.size:
                return
            self._header = ReplyHeader.unpack(bytes(self._scratch[: REPLY_HEADER.size]))
            self._begin_body(self._header, self._filled - REPLY_HEADER.size)
        if self._filled == self._header.size:
            self._finish(self._header)

    def _begin_body(self, header: ReplyHeader, filled: int) -> None:
        """Make room for the body, `filled` bytes of which came with its header."""
        if header.status is Status.DONE:
            self._matrix = np.empty((header.rows, header.columns), dtype=np.float32)
            self._body = self._matrix.reshape(-1).data.cast("B")
        else:
            self._body = memoryview(bytearray(header.size))
        self._body[:filled] = self._scratch[REPLY_HEADER.size :][:filled]
        self._filled = filled

    def _finish(self, header: ReplyHeader) -> None:
        message = "" if header.status is Status.DONE else bytes(self._body).decode(errors="replace")
        reply = Reply(header.status, self._matrix, message, header.device_memory, header.seconds)
        self._header, self._matrix = None, None
        self._body, self._filled = memoryview(b""), 0
        if self._reply is not None and not self._reply.done():
            self._reply.set_result(reply)

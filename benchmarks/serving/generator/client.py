"""HTTP/1.1 over one kept connection, on an event loop, with as little Python as can be."""

import asyncio
from time import perf_counter
from typing import Final, cast

_END: Final = b"\r\n\r\n"
_LENGTH: Final = b"content-length:"


class Broken(Exception):
    """The connection has ended before its answer was whole."""


class Client(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        self._received = bytearray()
        self._wanted = 0
        """Bytes of the whole answer; 0 while its head is not there."""
        self._status = 0
        self._body_at = 0
        self._answer: asyncio.Future[tuple[int, bytes, float]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def send(self, request: bytes) -> asyncio.Future[tuple[int, bytes, float]]:
        """Status, body, and when (perf_counter) its last byte came; raises Broken."""
        self._answer = answer = asyncio.get_running_loop().create_future()
        if self._transport is None or self._transport.is_closing():
            answer.set_exception(Broken("closed"))
        else:
            self._transport.write(request)
        return answer

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        received = self._received
        received += data
        if not self._wanted:
            end = received.find(_END)
            if end < 0:
                return
            head = bytes(received[:end]).lower()
            self._status = int(head[9:12])
            self._body_at = end + len(_END)
            self._wanted = self._body_at + read_length(head)
        if len(received) >= self._wanted and self._answer is not None:
            now = perf_counter()
            body = bytes(received[self._body_at : self._wanted])
            received.clear()
            self._wanted = 0
            answer, self._answer = self._answer, None
            if not answer.done():
                answer.set_result((self._status, body, now))

    def connection_lost(self, _error: Exception | None) -> None:
        """See asyncio.Protocol."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken("closed"))

    def close(self) -> None:
        """End the connection."""
        if self._transport is not None:
            self._transport.close()


def read_length(head: bytes) -> int:
    """Bytes of the body, by a head in lower case. Raises Broken where it does not tell them."""
    at = head.find(_LENGTH)
    if at < 0:
        raise Broken("an answer without a length, which this client does not read")
    end = head.find(b"\r\n", at)
    return int(head[at + len(_LENGTH) : end if end >= 0 else len(head)])

"""A client that sends any bytes at all, which no library for HTTP would."""

import socket
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPResponse
from types import TracebackType
from typing import Self

import httpx

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers are in small letters."""

    status: int
    headers: dict[str, str]
    body: bytes


class RawConnection:
    """One connection. Every wait for the other side ends in TimeoutError after `seconds`."""

    def __init__(self, url: str, seconds: float) -> None:
        target = httpx.URL(url)
        self._socket = socket.create_connection((target.host, target.port or 80), seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def receive(self) -> Answer:
        """The next answer, to a request that was not HEAD."""
        with HTTPResponse(self._socket) as response:
            response.begin()
            body = response.read()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, headers, body)

    def finish(self) -> bytes:
        """Send no more, and return all that still comes."""
        received = b""
        try:
            self._socket.shutdown(socket.SHUT_WR)
            while part := self._socket.recv(65_536):
                received += part
        except TimeoutError:
            raise
        except OSError:  # closed over what it had not read
            pass
        return received


def frame(path: str, headers: Headers, body: bytes, chunks: Iterable[int] = ()) -> bytes:
    """The bytes of a POST, its body in chunks of these sizes if there are any."""
    named = [("Host", "localhost"), *headers]
    if sizes := list(chunks):
        named.append(("Transfer-Encoding", "chunked"))
        body = _chunk(body, sizes)
    else:
        named.append(("Content-Length", str(len(body))))
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def _chunk(body: bytes, sizes: Iterable[int]) -> bytes:
    parts: list[bytes] = []
    for size in sizes:
        parts.append(body[:size])
        body = body[size:]
    chunks = [b"%x\r\n%b\r\n" % (len(part), part) for part in (*parts, body) if part]
    return b"".join([*chunks, b"0\r\n\r\n"])


GOOD_REQUEST = frame("/embed", [("Content-Type", "application/json")], b'{"inputs": "good day"}')

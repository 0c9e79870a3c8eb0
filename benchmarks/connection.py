"""HTTP/1.1 over one kept connection, with so little Python that it does not measure itself."""

import socket
import time
from typing import Final

_MOST: Final = 1 << 16
_LONGEST_REST: Final = 30.0
"""Seconds after which another connection is made: the server closes those that nobody uses."""
_END: Final = b"\r\n\r\n"


class RequestFailed(Exception):
    """An answer that is none; the message has the status and the body's beginning."""

    def __init__(self, message: str, status: int = 0) -> None:
        super().__init__(message)
        self.status = status
        """0 where none came."""


class Connection:
    """For one thread at a time."""

    def __init__(self, port: int, timeout: float = 120.0) -> None:
        self._port = port
        self._timeout = timeout
        self._used = time.monotonic()
        self._socket = self._connect()

    def close(self) -> None:
        """End it."""
        self._socket.close()

    def send(self, request: bytes) -> bytes:
        """The body of the answer. Raises RequestFailed unless it is of 200 to 299."""
        if time.monotonic() - self._used > _LONGEST_REST:
            self.close()
            self._socket = self._connect()
        self._socket.sendall(request)
        received = bytearray()
        while (end := received.find(_END)) < 0:
            received += self._receive()
        head = bytes(received[:end]).lower()
        wanted = end + len(_END) + _read_length(head)
        while len(received) < wanted:
            received += self._receive()
        body = bytes(received[end + len(_END) :])
        self._used = time.monotonic()
        status = int(head.split(b" ", 2)[1])
        if not 200 <= status < 300:
            raise RequestFailed(f"{status}: {body[:500].decode(errors='replace')}", status)
        return body

    def _connect(self) -> socket.socket:
        connected = socket.create_connection(("127.0.0.1", self._port), self._timeout)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._used = time.monotonic()
        return connected

    def _receive(self) -> bytes:
        piece = self._socket.recv(_MOST)
        if not piece:
            raise RequestFailed("the server has closed the connection")
        return piece


def build_request(method: str, path: str, body: bytes = b"") -> bytes:
    """The bytes of a request with a body of JSON."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _read_length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name == b"content-length":
            return int(value)
    raise RequestFailed("an answer without a length, which this client does not read")

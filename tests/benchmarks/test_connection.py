"""The client of benchmarks reads answers whole, and refuses what it cannot read."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from benchmarks.connection import Connection, RequestFailed, build_request


@contextmanager
def answering(*pieces: bytes) -> Iterator[int]:
    """A server of one connection, which sends each piece by itself; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.recv(65_536)
                for piece in pieces:
                    connection.sendall(piece)

        thread = threading.Thread(target=answer)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def send(port: int) -> bytes:
    connection = Connection(port, timeout=30)
    try:
        return connection.send(build_request("GET", "/"))
    finally:
        connection.close()


def test_an_answer_in_pieces_is_read_whole() -> None:
    with answering(b"HTTP/1.1 200 OK\r\nConte", b"nt-Length: 4\r\n\r\nab", b"cd") as port:
        assert send(port) == b"abcd"


def test_a_refusal_is_told_with_its_status() -> None:
    with (
        answering(b"HTTP/1.1 429 Too Many\r\ncontent-length: 4\r\n\r\nwait") as port,
        pytest.raises(RequestFailed, match="429: wait"),
    ):
        send(port)


def test_an_answer_without_a_length_is_refused() -> None:
    with (
        answering(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n") as port,
        pytest.raises(RequestFailed, match="without a length"),
    ):
        send(port)


def test_a_connection_that_ends_is_no_answer() -> None:
    with answering(b"HTTP/1.1 200 OK\r\n") as port, pytest.raises(RequestFailed, match="closed"):
        send(port)


def test_a_request_says_how_long_its_body_is() -> None:
    assert build_request("POST", "/a", b"{}").endswith(b"Content-Length: 2\r\n\r\n{}")

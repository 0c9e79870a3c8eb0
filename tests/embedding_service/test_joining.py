"""Heads of answers wait for their bodies, and for nothing else."""

import asyncio
from typing import cast

import pytest

from embedding_service.joining import JoinedWrites


class Wire:
    """A transport that keeps what is written to it."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.is_closed = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def close(self) -> None:
        self.is_closed = True

    def is_closing(self) -> bool:
        return self.is_closed


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def joined(wire: Wire) -> JoinedWrites:
    return JoinedWrites(cast(asyncio.Transport, wire))


def test_a_head_goes_with_the_beginning_of_its_body(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"head ")
    assert wire.written == []
    joined.write(b"body ")
    joined.write(b"more")
    assert wire.written == [b"head body ", b"more"]


def test_a_large_body_is_not_copied(wire: Wire, joined: JoinedWrites) -> None:
    body = bytes(1_000_000)
    joined.write(b"head")
    joined.write(body)
    assert wire.written == [b"head", body]


def test_an_answer_without_a_body_is_flushed(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"head")
    joined.flush()
    joined.flush()
    assert wire.written == [b"head"]


def test_leave_to_send_the_body_is_given_at_once(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    joined.write(b"head ")
    joined.write(b"body")
    assert wire.written == [b"HTTP/1.1 100 Continue\r\n\r\n", b"head body"]


def test_closing_loses_no_head(wire: Wire, joined: JoinedWrites) -> None:
    joined.write(b"head")
    joined.close()
    assert wire.written == [b"head"]
    assert joined.is_closing()

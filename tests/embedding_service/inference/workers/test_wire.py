"""What is sent is what arrives, in one piece, or not at all."""

import os
import socket
import struct
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.backends.base import TokenBatch
from embedding_service.inference.workers.wire import (
    ReplyHeader,
    Status,
    pack_batch,
    receive_batch,
    receive_control,
    send_control,
)


def send_slowly(end: socket.socket, data: bytes) -> threading.Thread:
    """Hand out one byte at a time, as a loaded kernel might."""

    def run() -> None:
        for byte in data:
            end.sendall(bytes([byte]))
        end.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@given(
    lengths=st.lists(st.integers(1, 20), min_size=1, max_size=10),
    max_texts=st.integers(1, 1000),
)
def test_a_batch_survives_the_wire(lengths: list[int], max_texts: int) -> None:
    total = sum(lengths)
    batch = TokenBatch(
        ids=np.arange(total, dtype=np.int32),
        lengths=np.array(lengths, dtype=np.int32),
        prompt_lengths=np.arange(len(lengths), dtype=np.int32),
        max_texts=max_texts,
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = send_slowly(ours, b"".join(pack_batch(batch)))
        arrived = receive_batch(theirs)
        thread.join()
        assert arrived is not None
        for name in ("ids", "lengths", "prompt_lengths"):
            np.testing.assert_array_equal(getattr(arrived, name), getattr(batch, name))
        assert arrived.max_texts == max_texts
        assert receive_batch(theirs) is None


@pytest.mark.parametrize("size", [5, 12, 30])
def test_a_batch_cut_off_half_way_is_none(size: int) -> None:
    batch = TokenBatch(*(np.ones(7, dtype=np.int32),) * 3, max_texts=1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(b"".join(pack_batch(batch))[:size])
        ours.close()
        assert receive_batch(theirs) is None


def test_a_descriptor_rides_along_with_a_control_message() -> None:
    ours, theirs = socket.socketpair()
    reading, writing = os.pipe()
    with ours, theirs:
        send_control(ours, {"do": "something", "large": "x" * 100_000}, writing)
        received = receive_control(theirs)
        assert received is not None
        message, descriptor = received
        assert message["do"] == "something"
        assert descriptor is not None
        os.write(descriptor, b"hello")
        assert os.read(reading, 5) == b"hello"
        for each in (reading, writing, descriptor):
            os.close(each)


def test_a_control_message_may_come_in_pieces() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        thread = send_slowly(ours, struct.pack("<I", 7) + b'{"a":1}')
        assert receive_control(theirs) == ({"a": 1}, None)
        thread.join()
        assert receive_control(theirs) is None


@pytest.mark.parametrize("size", [2, 6])
def test_a_control_message_cut_off_is_none(size: int) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall((struct.pack("<I", 7) + b'{"a":1}')[:size])
        ours.close()
        assert receive_control(theirs) is None


def test_a_reply_header_survives_the_wire() -> None:
    header = ReplyHeader(Status.OUT_OF_MEMORY, 3, 384, 4608, 2**40, 0.25)
    assert ReplyHeader.unpack(header.pack()) == header

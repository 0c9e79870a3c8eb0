"""What travels between the front and its processes; message-shaped, so that either can move.

Control: one JSON object a message, length first; a file descriptor may ride along. Small, rare,
blocking. Work: a fixed header, then raw arrays; little-endian, as every machine this runs on is.

    batch   texts, tokens, max_texts : u32      lengths, prompt lengths, ids : i32 each
    reply   status, rows, columns, size : u32, device memory : u64, seconds : f64
            then `size` bytes: rows by columns float32, or a message in UTF-8
"""

import socket
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import orjson

from embedding_service.inference.backends.base import TokenBatch

BATCH_HEADER = struct.Struct("<III")
REPLY_HEADER = struct.Struct("<IIIIQd")
_CONTROL_HEADER = struct.Struct("<I")
_INT = np.dtype("<i4")


class Status(IntEnum):
    """How a forward ended."""

    DONE = 0
    FAILED = 1
    OUT_OF_MEMORY = 2


@dataclass(frozen=True, slots=True)
class ReplyHeader:
    """First part of a reply; `size` bytes follow."""

    status: Status
    rows: int
    columns: int
    size: int
    device_memory: int
    """Bytes in use on the device."""
    seconds: float
    """What the forward took in the worker."""

    def pack(self) -> bytes:
        """The wire form."""
        return REPLY_HEADER.pack(
            self.status, self.rows, self.columns, self.size, self.device_memory, self.seconds
        )

    @classmethod
    def unpack(cls, data: bytes | bytearray) -> "ReplyHeader":
        """Read the wire form."""
        status, rows, columns, size, memory, seconds = REPLY_HEADER.unpack(data)
        return cls(Status(status), rows, columns, size, memory, seconds)


def pack_batch(batch: TokenBatch) -> list[bytes | memoryview]:
    """The wire form of a batch, in parts to be written one after the other."""
    header = BATCH_HEADER.pack(len(batch.lengths), len(batch.ids), batch.max_texts)
    arrays = (batch.lengths, batch.prompt_lengths, batch.ids)
    return [
        header,
        *(np.ascontiguousarray(array, dtype=_INT).data.cast("B") for array in arrays),
    ]


def receive_batch(channel: socket.socket) -> TokenBatch | None:
    """Wait for a batch; None when the front has closed the channel."""
    header = _receive(channel, BATCH_HEADER.size)
    if header is None:
        return None
    texts, tokens, max_texts = BATCH_HEADER.unpack(header)
    body = _receive(channel, (2 * texts + tokens) * _INT.itemsize)
    if body is None:
        return None
    values = np.frombuffer(body, dtype=_INT)
    return TokenBatch(
        ids=values[2 * texts :],
        lengths=values[:texts],
        prompt_lengths=values[texts : 2 * texts],
        max_texts=max_texts,
    )


def send_reply(channel: socket.socket, header: ReplyHeader, body: bytes | memoryview) -> None:
    """Answer a batch, in one call where the channel takes all: it is read in one as well then."""
    head = header.pack()
    sent = channel.sendmsg([head, body])
    if sent < len(head):
        channel.sendall(head[sent:])
    if (begun := max(0, sent - len(head))) < len(body):
        channel.sendall(memoryview(body)[begun:])


def send_control(
    channel: socket.socket, message: dict[str, Any], descriptor: int | None = None
) -> None:
    """Send one control message, with a descriptor if given."""
    body = orjson.dumps(message)
    header = _CONTROL_HEADER.pack(len(body))
    if descriptor is None:
        channel.sendall(header)
    else:
        socket.send_fds(channel, [header], [descriptor])
    channel.sendall(body)


def receive_control(channel: socket.socket) -> tuple[dict[str, Any], int | None] | None:
    """Wait for one control message and its descriptor; None when the other end has closed."""
    header, descriptors, _, _ = socket.recv_fds(channel, _CONTROL_HEADER.size, 1)
    descriptor = descriptors[0] if descriptors else None
    if not header:
        return None
    if len(header) < _CONTROL_HEADER.size:
        rest = _receive(channel, _CONTROL_HEADER.size - len(header))
        if rest is None:
            return None
        header += rest
    (size,) = _CONTROL_HEADER.unpack(header)
    body = _receive(channel, size)
    return None if body is None else (orjson.loads(body), descriptor)


def _receive(channel: socket.socket, size: int) -> bytearray | None:
    """Exactly `size` bytes; None when the other end closed before."""
    data = bytearray(size)
    view = memoryview(data)
    while view:
        received = channel.recv_into(view)
        if received == 0:
            return None
        view = view[received:]
    return data

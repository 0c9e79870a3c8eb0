"""The front's end of a worker's channel."""

import asyncio
import socket

import numpy as np
import pytest

from embedding_service.inference.backends.base import TokenBatch
from embedding_service.inference.workers.link import WorkerLink, WorkerLost
from embedding_service.inference.workers.wire import (
    ReplyHeader,
    Status,
    receive_batch,
    send_reply,
)
from embedding_service.vectors import Matrix

BATCH = TokenBatch(*(np.ones(2, dtype=np.int32),) * 3, max_texts=8)


async def run_with(*answers: bytes) -> tuple[WorkerLink, socket.socket]:
    """A link whose worker answers each batch with the next of `answers`, in two pieces."""
    ours, theirs = socket.socketpair()
    link = await WorkerLink.open(ours)

    def work() -> None:
        for answer in answers:
            receive_batch(theirs)
            theirs.sendall(answer[:10])
            theirs.sendall(answer[10:])

    link.working = asyncio.get_running_loop().run_in_executor(None, work)  # type: ignore[attr-defined]  # kept alive
    return link, theirs


async def test_rows_arrive_as_they_were_sent_one_batch_after_the_other() -> None:
    matrices = [
        np.random.default_rng(seed).random((seed + 1, 5), dtype=np.float32) for seed in range(3)
    ]
    answers = [
        ReplyHeader(Status.DONE, len(matrix), 5, matrix.nbytes, 7, 0.5).pack() + matrix.tobytes()
        for matrix in matrices
    ]
    link, theirs = await run_with(*answers)
    with theirs:
        for matrix in matrices:
            reply = await link.run(BATCH)
            assert reply.matrix is not None
            np.testing.assert_array_equal(reply.matrix, matrix)
            assert (reply.device_memory, reply.seconds) == (7, 0.5)
        link.close()
        await link.lost


@pytest.mark.parametrize("rows", [1, 4_000, 40_000])
async def test_rows_of_any_number_arrive_whole(rows: int) -> None:
    """From what comes with its header to what no channel takes at once."""
    matrix = np.random.default_rng(rows).random((rows, 7), dtype=np.float32)
    header = ReplyHeader(Status.DONE, rows, 7, matrix.nbytes, 0, 0.0)
    ours, theirs = socket.socketpair()
    link = await WorkerLink.open(ours)
    with theirs:
        sending = asyncio.to_thread(_answer, theirs, header, matrix)
        reply, _ = await asyncio.gather(link.run(BATCH), sending)
        assert reply.matrix is not None
        np.testing.assert_array_equal(reply.matrix, matrix)
        link.close()
        await link.lost


def _answer(theirs: socket.socket, header: ReplyHeader, matrix: Matrix) -> None:
    receive_batch(theirs)
    send_reply(theirs, header, matrix.data.cast("B"))


@pytest.mark.parametrize("message", ["IndexError: out of range", ""])
async def test_a_failure_arrives_as_words(message: str) -> None:
    body = message.encode()
    header = ReplyHeader(Status.FAILED, 0, 0, len(body), 0, 0.0)
    link, theirs = await run_with(header.pack() + body)
    with theirs:
        reply = await link.run(BATCH)
        assert (reply.status, reply.message, reply.matrix) == (Status.FAILED, message, None)
        link.close()
        await link.lost


async def test_a_worker_that_is_gone_is_noticed_at_once() -> None:
    link, theirs = await run_with()
    running = asyncio.create_task(link.run(BATCH))
    await asyncio.sleep(0)
    theirs.close()
    with pytest.raises(WorkerLost):
        await running
    await link.lost
    with pytest.raises(WorkerLost):
        await link.run(BATCH)

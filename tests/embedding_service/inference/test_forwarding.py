"""Requests in the queue: bounded, in time, and gone when their caller is."""

import asyncio

import pytest

from embedders import (
    MeteredEmbedder,
    hung,
    only_worker,
    open_metered,
    until_in_flight,
    until_queued,
)
from embedding_service.errors import DeadlineExceeded, Overloaded
from embedding_service.inference.requests import EmbeddingRequest


async def test_the_deadline_frees_the_caller_and_the_queue() -> None:
    async with open_metered() as embedder:
        with hung(only_worker()):
            with pytest.raises(DeadlineExceeded):
                await embedder.embed(EmbeddingRequest(inputs=["x"] * 9, timeout=0.2))
            assert dropped_texts(embedder, "deadline") == 9
        assert (await embedder.embed(EmbeddingRequest(inputs=["y"]))).matrix.shape == (1, 16)


async def test_a_caller_that_leaves_takes_its_texts_out_of_the_queue() -> None:
    async with open_metered() as embedder:
        with hung(only_worker()):
            ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["ahead"])))
            await until_in_flight(embedder)
            leaving = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=list("abcde"))))
            await until_queued(embedder, 5)
            leaving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await leaving
        await ahead
        assert dropped_texts(embedder, "cancelled") == 5
        assert embedder.sample("embedding_batch_texts_sum", model="hashing:16") == 1


async def test_a_full_queue_refuses_and_then_takes_again() -> None:
    async with open_metered(max_queue_tokens=100) as embedder:
        with hung(only_worker()):
            ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["a"])))
            await until_in_flight(embedder)
            waiting = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["b" * 90])))
            await until_queued(embedder, 1)
            with pytest.raises(Overloaded) as refusal:
                await embedder.embed(EmbeddingRequest(inputs=["c" * 200]))
            assert refusal.value.retry_after >= 1
        await asyncio.gather(ahead, waiting)
        assert (await embedder.embed(EmbeddingRequest(inputs=["c" * 200]))).matrix.shape == (1, 16)


async def test_the_queues_bound_holds_for_requests_that_come_at_once() -> None:
    async with open_metered(max_queue_tokens=1_000) as embedder:
        request = EmbeddingRequest(inputs=["word " * 400] * 2)
        answers = await asyncio.gather(
            *(embedder.embed(request) for _ in range(20)), return_exceptions=True
        )
        refused = [answer for answer in answers if isinstance(answer, Overloaded)]
        assert len(refused) >= 15, "they counted from the moment they came"
        assert len(refused) < 20
        assert (await embedder.embed(request)).matrix.shape == (2, 16)


async def test_a_predicted_wait_above_the_bound_refuses() -> None:
    async with open_metered(max_wait=0.001) as embedder:
        # From here on there is a rate.
        await embedder.embed(EmbeddingRequest(inputs=["measure me"]))
        large = [f"{number:03}" + "a" * 1997 for number in range(100)]
        with hung(only_worker()):
            ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=large)))
            await until_in_flight(embedder, batches=2)
            with pytest.raises(Overloaded, match="MAX_WAIT"):
                await embedder.embed(EmbeddingRequest(inputs=["late"]))
        await ahead


def dropped_texts(embedder: MeteredEmbedder, reason: str) -> float:
    return embedder.sample("embedding_dropped_texts_total", model="hashing:16", reason=reason)

"""Long requests through the real pipeline: a few slices of them are in the queue, no more."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from embedders import MeteredEmbedder, hung, only_worker, open_metered, until_in_flight
from embedding_service.errors import DeadlineExceeded, Overloaded
from embedding_service.inference.requests import EmbeddingRequest, TrafficClass
from waiting import until

BULK = {"model": "hashing:16", "traffic": "bulk"}
TEXTS = [f"text {number} of very many" for number in range(5_000)]
MOST_WAITING = 4 * 256


def long_request(caller: str = "") -> EmbeddingRequest:
    return EmbeddingRequest(inputs=TEXTS, traffic=TrafficClass.BULK, caller=caller)


def waiting(embedder: MeteredEmbedder) -> float:
    return embedder.sample("embedding_queue_texts", **BULK)


async def until_waiting(embedder: MeteredEmbedder, texts: int) -> None:
    await until(lambda: waiting(embedder) >= texts, 20, "texts are queued")


async def test_one_long_request_has_few_of_its_texts_in_the_queue_and_all_in_the_answer() -> None:
    async with open_metered() as embedder:
        with hung(only_worker()):
            whole = asyncio.create_task(embedder.embed(long_request()))
            await until_in_flight(embedder)
            await until_waiting(embedder, 1)
            in_flight = embedder.sample("embedding_batch_texts_sum", model="hashing:16")
            assert waiting(embedder) + in_flight <= MOST_WAITING
        answer = await whole
        few = await embedder.embed(EmbeddingRequest(inputs=TEXTS[-3:]))
        assert answer.matrix.shape == (5_000, 16)
        assert np.array_equal(answer.matrix[-3:], few.matrix)


async def test_a_short_request_does_not_wait_for_the_rest_of_a_long_one() -> None:
    async with open_metered() as embedder:
        done: list[str] = []

        async def embed(name: str, request: EmbeddingRequest) -> None:
            await embedder.embed(request)
            done.append(name)

        with hung(only_worker()):
            long = asyncio.create_task(embed("long", long_request()))
            await until_waiting(embedder, 100)
            request = EmbeddingRequest(inputs=TEXTS[:20], traffic=TrafficClass.BULK)
            short = asyncio.create_task(embed("short", request))
        await asyncio.gather(long, short)
        assert done == ["short", "long"]


async def test_the_deadline_drops_what_was_not_even_queued() -> None:
    async with open_metered() as embedder:
        with hung(only_worker()):
            with pytest.raises(DeadlineExceeded):
                await embedder.embed(replace(long_request(), timeout=0.5))
            labels = {"model": "hashing:16", "reason": "deadline"}
            assert embedder.sample("embedding_dropped_texts_total", **labels) == 5_000
        await embedder.embed(EmbeddingRequest(inputs=["still here"]))


async def test_a_long_request_is_refused_like_a_short_one() -> None:
    async with open_metered(max_queue_tokens=1_000) as embedder:
        with hung(only_worker()):
            ahead = asyncio.create_task(embedder.embed(long_request()))
            await until_waiting(embedder, 100)
            with pytest.raises(Overloaded):
                await embedder.embed(long_request("another"))
            labels = {"model": "hashing:16", "reason": "queue_full"}
            assert embedder.sample("embedding_overload_refusals_total", **labels) == 1
        await ahead

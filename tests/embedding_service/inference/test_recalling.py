"""A text that was embedded before waits for nothing, and is answered as it was the first time."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest

from embedders import MeteredEmbedder, hung, only_worker, open_metered, until_in_flight
from embedding_service.errors import Overloaded, TextTooLong
from embedding_service.inference.requests import EmbeddingRequest

SIZE = "1MiB"


def lookups(embedder: MeteredEmbedder, result: str) -> float:
    return embedder.sample("embedding_cache_lookups_total", model="hashing:16", result=result)


async def test_a_hit_needs_no_worker_and_is_not_refused() -> None:
    async with open_metered(embedding_cache_size=SIZE, max_queue_tokens=10) as embedder:
        request = EmbeddingRequest(inputs=["known", "known too"])
        first = await embedder.embed(request)
        with hung(only_worker()):
            ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["ahead"])))
            await until_in_flight(embedder, batches=2)
            waiting = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["w" * 9])))
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await embedder.embed(EmbeddingRequest(inputs=["unknown" * 9]))
            again = await embedder.embed(request)
        await asyncio.gather(ahead, waiting)
        assert np.array_equal(again.matrix, first.matrix)
        assert again.token_counts.tolist() == first.token_counts.tolist()
        assert lookups(embedder, "hit") == 2


async def test_what_is_not_known_is_computed_beside_what_is() -> None:
    async with open_metered(embedding_cache_size=SIZE) as embedder:
        known = await embedder.embed(EmbeddingRequest(inputs=["a", "b"]))
        both = await embedder.embed(EmbeddingRequest(inputs=["b", "new", "a"]))
        alone = await embedder.embed(EmbeddingRequest(inputs=["new"]))
        assert np.array_equal(both.matrix, [known.matrix[1], alone.matrix[0], known.matrix[0]])
        assert both.token_counts.tolist() == [3, 5, 3]
        assert embedder.sample("embedding_batch_texts_sum", model="hashing:16") == 3


async def test_one_row_serves_all_that_is_made_of_it() -> None:
    async with open_metered(embedding_cache_size=SIZE) as embedder:
        whole = EmbeddingRequest(inputs=["some words"], normalise=False)
        asked = [whole, replace(whole, normalise=True), replace(whole, dimensions=4)]
        first = [await embedder.embed(request) for request in asked]
        assert embedder.sample("embedding_batch_texts_sum", model="hashing:16") == 1
        assert np.linalg.norm(first[1].matrix) == pytest.approx(1)
        assert first[2].matrix.shape == (1, 4)
        assert np.array_equal(first[2].matrix[0], first[0].matrix[0, :4])
        first[0].matrix[:] = 0
        assert (await embedder.embed(whole)).matrix.any(), "an answer is the caller's own"


async def test_a_text_that_was_cut_is_told_again_or_refused() -> None:
    options = {"hashing:16": {"max_length": 8}}
    async with open_metered(embedding_cache_size=SIZE, model_options=options) as embedder:
        request = EmbeddingRequest(inputs=["short", "much too long"])
        for _ in range(2):
            answer = await embedder.embed(request)
            assert answer.truncated == [1]
            assert answer.token_counts.tolist() == [7, 8]
        with pytest.raises(TextTooLong, match="8 tokens") as refusal:
            await embedder.embed(replace(request, truncate=False))
        assert [issue.position for issue in refusal.value.issues] == [1]


async def test_ids_are_known_as_well() -> None:
    async with open_metered(embedding_cache_size=SIZE) as embedder:
        request = EmbeddingRequest(inputs=[[5, 6, 7]])
        first, again = [await embedder.embed(request) for _ in range(2)]
        assert np.array_equal(first.matrix, again.matrix)
        assert lookups(embedder, "hit") == 1


async def test_without_a_size_nothing_is_kept() -> None:
    async with open_metered() as embedder:
        for _ in range(2):
            await embedder.embed(EmbeddingRequest(inputs=["x"]))
        assert embedder.sample("embedding_batch_texts_sum", model="hashing:16") == 2
        assert lookups(embedder, "miss") == 0

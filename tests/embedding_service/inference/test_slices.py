"""A long request, cut and put together again."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.requests import EmbeddingRequest, Embeddings, Timings
from embedding_service.inference.slices import cut, embed_in_slices, embed_whole

WORD = "word"


class Counting:
    """Embeds a text as its length, later ones sooner, and tells how many slices were under way."""

    def __init__(self, failing: str | None = None) -> None:
        self.now = self.most = self.begun = self.ended = 0
        self.failing = failing

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        self.now += 1
        self.begun += 1
        self.most = max(self.most, self.now)
        try:
            for _ in range(20 - self.begun % 20):
                await asyncio.sleep(0)
            if self.failing in request.inputs:
                raise ValueError(self.failing)
        finally:
            self.now -= 1
            self.ended += 1
        lengths = np.array([len(text) for text in request.inputs], dtype=np.int32)
        matrix = np.stack([lengths, lengths + 1], axis=1).astype(np.float32)
        cut_off = [position for position, text in enumerate(request.inputs) if len(text) > 30]
        timings = Timings(0.0, 0.0, 0.0)
        return Embeddings(matrix, "m", "f" * 64, lengths, cut_off, ("warned",), timings)


def texts_of(lengths: list[int]) -> list[str]:
    return ["x" * length for length in lengths]


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=600),
    tokens=st.integers(1, 2_000) | st.none(),
    longest=st.integers(8, 64) | st.none(),
    offset=st.integers(0, 10),
)
def test_slices_are_the_request_and_none_is_too_long(
    lengths: list[int], tokens: int | None, longest: int | None, offset: int
) -> None:
    request = EmbeddingRequest(inputs=texts_of(lengths), offset=offset, caller="me")
    slices = cut(request, tokens, longest)
    assert [text for each in slices for text in each.inputs] == request.inputs
    begun = offset
    for each in slices:
        assert (each.offset, each.caller) == (begun, "me")
        begun += len(each.inputs)
        assert 1 <= len(each.inputs) <= 256
        sizes = [min(1 + len(text) // 4, longest or 10**9) for text in each.inputs]
        assert tokens is None or sum(sizes) <= tokens or len(sizes) == 1


def test_a_request_of_nothing_is_one_slice() -> None:
    assert len(cut(EmbeddingRequest(inputs=[]))) == 1


@given(lengths=st.lists(st.integers(1, 60), min_size=1, max_size=80))
def test_the_whole_is_as_if_it_had_not_been_cut(lengths: list[int]) -> None:
    async def both() -> tuple[Embeddings, Embeddings, Counting]:
        request = EmbeddingRequest(inputs=texts_of(lengths))
        counting = Counting()
        whole = await embed_whole(cut(request, 40), counting.embed)
        return whole, await Counting().embed(request), counting

    whole, uncut, counting = asyncio.run(both())
    assert whole.matrix.tolist() == uncut.matrix.tolist()
    assert whole.token_counts.tolist() == uncut.token_counts.tolist()
    assert (whole.truncated, whole.warnings) == (uncut.truncated, uncut.warnings)
    assert counting.most <= 4


async def test_a_slice_that_fails_takes_the_others_along() -> None:
    counting = Counting(failing=WORD)
    request = EmbeddingRequest(inputs=["x"] * 300 + [WORD] + ["x"] * 3_000)
    with pytest.raises(ValueError, match=WORD):
        await embed_whole(cut(request), counting.embed)
    assert counting.now == 0
    assert counting.begun == counting.ended < 13


async def test_whoever_leaves_early_takes_along_what_is_under_way() -> None:
    counting, never = Counting(), asyncio.Event()

    async def embed(request: EmbeddingRequest) -> Embeddings:
        if request.offset:
            counting.begun += 1
            try:
                await never.wait()
            finally:
                counting.ended += 1
        return await counting.embed(request)

    parts = embed_in_slices(cut(EmbeddingRequest(inputs=["x"] * 3_000)), embed)
    await anext(parts)
    await parts.aclose()
    assert counting.begun == 1 + 3
    assert counting.ended == counting.begun

"""The front door, with real worker processes behind it."""

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from embedders import MeteredEmbedder, open_metered
from embedding_service.errors import (
    InvalidRequest,
    ModelNotServed,
    ServiceError,
    TextTooLong,
    TokenIdOutOfRange,
)
from embedding_service.inference.requests import EmbeddingRequest, TrafficClass

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def embedder() -> AsyncIterator[MeteredEmbedder]:
    """One for the tests that leave it as it was, in the module's own loop."""
    async with open_metered() as opened:
        yield opened


async def test_vectors_come_in_the_order_of_the_texts() -> None:
    async with open_metered() as embedder:
        texts = [f"text number {number}" for number in range(700)]
        together = await embedder.embed(EmbeddingRequest(inputs=texts))
        alone = await embedder.embed(EmbeddingRequest(inputs=[texts[411]]))
        np.testing.assert_allclose(together.matrix[411], alone.matrix[0], atol=1e-6)
        assert together.matrix.shape == (700, 16)
        np.testing.assert_allclose(np.linalg.norm(together.matrix, axis=1), 1, atol=1e-5)
        assert embedder.sample("embeddings_generated_total", model="hashing:16") == 701
        assert embedder.sample("embedding_tokens_total", model="hashing:16") == sum(
            len(text) + 2 for text in [*texts, texts[411]]
        )


async def test_dimensions_are_cut_before_normalising(embedder: MeteredEmbedder) -> None:
    full = await embedder.embed(EmbeddingRequest(inputs=["a b c"], normalise=False))
    cut = await embedder.embed(EmbeddingRequest(inputs=["a b c"], dimensions=5))
    expected = full.matrix[:, :5] / np.linalg.norm(full.matrix[:, :5])
    np.testing.assert_allclose(cut.matrix, expected, atol=1e-6)
    assert cut.warnings == ("dimensions-not-trained",)
    assert full.warnings == ()


async def test_a_matryoshka_model_gives_no_warning() -> None:
    options = {"hashing:16": {"is_matryoshka": True}}
    async with open_metered(model_options=options) as embedder:
        assert (await embedder.embed(EmbeddingRequest(inputs=["a"], dimensions=5))).warnings == ()


@pytest.mark.parametrize("dimensions", [0, -1, 17])
async def test_dimensions_the_model_does_not_have_are_refused(
    dimensions: int, embedder: MeteredEmbedder
) -> None:
    with pytest.raises(InvalidRequest, match="from 1 to 16"):
        await embedder.embed(EmbeddingRequest(inputs=["a"], dimensions=dimensions))


async def test_requests_that_cannot_be_served_are_refused_and_the_next_is_served() -> None:
    async with open_metered(model_options={"hashing:16": {"max_length": 8}}) as embedder:
        with pytest.raises(TextTooLong):
            await embedder.embed(EmbeddingRequest(inputs=["x" * 100], truncate=False))
        with pytest.raises(TextTooLong):
            await embedder.embed(EmbeddingRequest(inputs=[[5] * 100], truncate=False))
        with pytest.raises(TokenIdOutOfRange):
            await embedder.embed(EmbeddingRequest(inputs=[[99_999]]))
        with pytest.raises(ModelNotServed, match="hashing:16"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], model="other"))
        with pytest.raises(InvalidRequest, match="prompt"):
            await embedder.embed(EmbeddingRequest(inputs=["x"], prompt_name="nonesuch"))
        cut = await embedder.embed(EmbeddingRequest(inputs=["x" * 100, "ab"]))
        assert cut.truncated == [0]
        assert cut.token_counts.tolist() == [8, 4]
        assert embedder.sample("embedding_truncations_total", model="hashing:16") == 1


async def test_token_ids_give_the_vector_of_their_text(embedder: MeteredEmbedder) -> None:
    ((begin, *content, end),) = await embedder.tokenise(["hello"])
    ids = [token.id for token in content]
    by_ids = await embedder.embed(EmbeddingRequest(inputs=[ids, [begin.id, *ids, end.id]]))
    by_text = await embedder.embed(EmbeddingRequest(inputs=["hello"]))
    np.testing.assert_array_equal(by_ids.matrix[0], by_text.matrix[0])
    np.testing.assert_array_equal(by_ids.matrix[1], by_text.matrix[0])
    assert await embedder.decode([ids]) == ["hello"]


async def test_a_stream_yields_slices_in_order_and_leaves_nothing_behind(
    embedder: MeteredEmbedder,
) -> None:
    texts = [f"{number}" for number in range(1000)]
    request = EmbeddingRequest(inputs=texts, traffic=TrafficClass.BULK)
    whole = (await embedder.embed(request)).matrix
    slices = [each.matrix async for each in embedder.stream(request)]
    assert len(slices) > 1
    np.testing.assert_array_equal(np.concatenate(slices), whole)
    stream = embedder.stream(request)
    await anext(stream)
    await stream.aclose()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    assert not [task for task in tasks if "embed" in str(task.get_coro()) and not task.done()]


async def test_errors_of_a_stream_count_in_the_callers_list() -> None:
    async with open_metered(model_options={"hashing:16": {"max_length": 8}}) as embedder:
        texts = ["short"] * 700
        texts[600] = "much longer than eight tokens"
        stream = embedder.stream(EmbeddingRequest(inputs=texts, truncate=False))
        with pytest.raises(TextTooLong) as refusal:
            async for _ in stream:
                pass
        assert [issue.position for issue in refusal.value.issues] == [600]


async def test_a_bug_in_delivery_fails_its_requests_and_nothing_else(
    embedder: MeteredEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("embedding_service.inference.delivery.is_finite_by_row", lambda _: 1 / 0)
        with pytest.raises(ServiceError, match="internal error"):
            await embedder.embed(EmbeddingRequest(inputs=["x"]))
    assert (await embedder.embed(EmbeddingRequest(inputs=["x"]))).matrix.shape == (1, 16)


async def test_health_tells_what_is_the_matter(embedder: MeteredEmbedder) -> None:
    health = embedder.health()
    assert (health.is_started, health.is_serving, health.is_broken) == (True, True, False)
    assert health.detail == "serving"
    assert health.description is not None
    assert health.has_gpu is False

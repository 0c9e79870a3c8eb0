"""llama-index against a live server: its OpenAI-like and its text-embeddings-inference classes."""

from collections.abc import AsyncIterator
from typing import TypeAlias

import httpx
import pytest
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference

from closeness import assert_parity
from corpus import SHORT
from live_server import LiveServer
from served_models import MINILM
from truth import Encoding, Truth

pytestmark = pytest.mark.real_model

_Embedding: TypeAlias = OpenAILikeEmbedding | TextEmbeddingsInference


@pytest.fixture(params=[OpenAILikeEmbedding, TextEmbeddingsInference])
async def embedding(
    request: pytest.FixtureRequest, real_server: LiveServer
) -> AsyncIterator[_Embedding]:
    if request.param is TextEmbeddingsInference:
        yield TextEmbeddingsInference(MINILM, real_server.base_url, embed_batch_size=3)
        return
    # On connections of ours, because it never closes its own.
    with httpx.Client() as http:
        async with httpx.AsyncClient() as async_http:
            yield OpenAILikeEmbedding(
                MINILM,
                api_base=f"{real_server.base_url}/v1",
                embed_batch_size=3,
                max_retries=0,
                http_client=http,
                async_http_client=async_http,
            )


def test_texts_in_batches(embedding: _Embedding, truth: Truth) -> None:
    rows = embedding.get_text_embedding_batch(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))


def test_one_text(embedding: _Embedding, truth: Truth) -> None:
    row = embedding.get_text_embedding("Hello world")
    assert_parity([row], truth.rows(Encoding(MINILM), "Hello world"))


def test_a_query(embedding: _Embedding, truth: Truth) -> None:
    row = embedding.get_query_embedding("How do I reset my password?")
    assert_parity([row], truth.rows(Encoding(MINILM), "How do I reset my password?"))


async def test_asynchronously(embedding: _Embedding, truth: Truth) -> None:
    rows = await embedding.aget_text_embedding_batch(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))
    row = await embedding.aget_query_embedding("test")
    assert_parity([row], truth.rows(Encoding(MINILM), "test"))

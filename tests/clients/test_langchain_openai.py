"""langchain-openai against a live server, in both of its modes.

By default (`check_embedding_ctx_length=True`) it sends token ids of OpenAI's vocabulary. To a model
with another vocabulary they are nonsense, which must not be answered with vectors.
"""

from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import TypeAlias

import httpx
import openai
import pytest
from langchain_openai import OpenAIEmbeddings
from pydantic import SecretStr

from closeness import assert_parity
from corpus import CORPUS, SHORT
from live_server import LiveServer
from served_models import MINILM, MINILM_CL100K, tiktoken_cache
from truth import Encoding, Truth

pytestmark = pytest.mark.real_model

_EmbeddingsWith: TypeAlias = Callable[..., OpenAIEmbeddings]


@pytest.fixture(autouse=True)
def _tiktoken_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tiktoken_cache()))


@pytest.fixture
async def embeddings_with(real_server: LiveServer) -> AsyncIterator[_EmbeddingsWith]:
    """Makes OpenAIEmbeddings on connections of ours, because it never closes its own."""
    with httpx.Client() as http:
        async with httpx.AsyncClient() as async_http:
            yield partial(
                OpenAIEmbeddings,
                openai_api_base=f"{real_server.base_url}/v1",
                openai_api_key=SecretStr("unused"),
                max_retries=0,
                http_client=http,
                http_async_client=async_http,
            )


def test_texts_sent_as_texts(embeddings_with: _EmbeddingsWith, truth: Truth) -> None:
    embeddings = embeddings_with(model=MINILM, check_embedding_ctx_length=False)
    assert_parity(embeddings.embed_documents(list(CORPUS)), truth.rows(Encoding(MINILM)))
    assert_parity([embeddings.embed_query("test")], truth.rows(Encoding(MINILM), "test"))


async def test_texts_sent_as_texts_asynchronously(
    embeddings_with: _EmbeddingsWith, truth: Truth
) -> None:
    embeddings = embeddings_with(model=MINILM, check_embedding_ctx_length=False)
    rows = await embeddings.aembed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))
    query = await embeddings.aembed_query("test")
    assert_parity([query], truth.rows(Encoding(MINILM), "test"))


def test_foreign_token_ids_are_refused_with_the_way_out(embeddings_with: _EmbeddingsWith) -> None:
    embeddings = embeddings_with(model=MINILM)
    with pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length=False"):
        embeddings.embed_documents(list(CORPUS))


def test_a_model_that_is_told_to_expect_them_reads_them(
    embeddings_with: _EmbeddingsWith, truth: Truth
) -> None:
    embeddings = embeddings_with(model=MINILM_CL100K)
    assert_parity(embeddings.embed_documents(list(CORPUS)), truth.rows(Encoding(MINILM)))
    assert_parity([embeddings.embed_query("test")], truth.rows(Encoding(MINILM), "test"))


async def test_a_model_that_is_told_to_expect_them_reads_them_asynchronously(
    embeddings_with: _EmbeddingsWith, truth: Truth
) -> None:
    embeddings = embeddings_with(model=MINILM_CL100K)
    rows = await embeddings.aembed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))


def test_such_a_model_reads_texts_as_well(embeddings_with: _EmbeddingsWith, truth: Truth) -> None:
    embeddings = embeddings_with(model=MINILM_CL100K, check_embedding_ctx_length=False)
    rows = embeddings.embed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))


def test_fewer_dimensions(embeddings_with: _EmbeddingsWith, truth: Truth) -> None:
    embeddings = embeddings_with(model=MINILM, dimensions=128, check_embedding_ctx_length=False)
    rows = embeddings.embed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM, dimensions=128), *SHORT))

"""langchain-openai against a live server, in both of its modes.

By default (`check_embedding_ctx_length=True`) it sends token ids of OpenAI's vocabulary. To a model
with another vocabulary they are nonsense, which must not be answered with vectors.
"""

from typing import Any

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


@pytest.fixture(autouse=True)
def _tiktoken_offline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tiktoken_cache()))


def _embeddings(server: LiveServer, model: str, **options: Any) -> OpenAIEmbeddings:
    return OpenAIEmbeddings(
        model=model,
        openai_api_base=f"{server.base_url}/v1",
        openai_api_key=SecretStr("unused"),
        max_retries=0,
        **options,
    )


def test_texts_sent_as_texts(real_server: LiveServer, truth: Truth) -> None:
    embeddings = _embeddings(real_server, MINILM, check_embedding_ctx_length=False)
    assert_parity(embeddings.embed_documents(list(CORPUS)), truth.rows(Encoding(MINILM)))
    assert_parity([embeddings.embed_query("test")], truth.rows(Encoding(MINILM), "test"))


async def test_texts_sent_as_texts_asynchronously(real_server: LiveServer, truth: Truth) -> None:
    embeddings = _embeddings(real_server, MINILM, check_embedding_ctx_length=False)
    rows = await embeddings.aembed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))
    query = await embeddings.aembed_query("test")
    assert_parity([query], truth.rows(Encoding(MINILM), "test"))


def test_foreign_token_ids_are_refused_with_the_way_out(real_server: LiveServer) -> None:
    embeddings = _embeddings(real_server, MINILM)
    with pytest.raises(openai.BadRequestError, match="check_embedding_ctx_length=False"):
        embeddings.embed_documents(list(CORPUS))


def test_a_model_that_is_told_to_expect_them_reads_them(
    real_server: LiveServer, truth: Truth
) -> None:
    embeddings = _embeddings(real_server, MINILM_CL100K)
    assert_parity(embeddings.embed_documents(list(CORPUS)), truth.rows(Encoding(MINILM)))
    assert_parity([embeddings.embed_query("test")], truth.rows(Encoding(MINILM), "test"))


async def test_a_model_that_is_told_to_expect_them_reads_them_asynchronously(
    real_server: LiveServer, truth: Truth
) -> None:
    embeddings = _embeddings(real_server, MINILM_CL100K)
    rows = await embeddings.aembed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))


def test_such_a_model_reads_texts_as_well(real_server: LiveServer, truth: Truth) -> None:
    embeddings = _embeddings(real_server, MINILM_CL100K, check_embedding_ctx_length=False)
    rows = embeddings.embed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))


def test_fewer_dimensions(real_server: LiveServer, truth: Truth) -> None:
    embeddings = _embeddings(real_server, MINILM, dimensions=128, check_embedding_ctx_length=False)
    rows = embeddings.embed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM, dimensions=128), *SHORT))

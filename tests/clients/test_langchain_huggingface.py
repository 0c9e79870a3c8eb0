"""langchain-huggingface against a live server, given its URL.

Releases up to 1.2.1 take a URL for a model; later ones send everybody to the hub.
"""

from collections.abc import AsyncIterator

import pytest
from langchain_huggingface import HuggingFaceEndpointEmbeddings

from closeness import assert_parity
from corpus import SHORT
from live_server import LiveServer
from served_models import MINILM
from truth import Encoding, Truth

pytestmark = pytest.mark.real_model


@pytest.fixture
async def embeddings(real_server: LiveServer) -> AsyncIterator[HuggingFaceEndpointEmbeddings]:
    embeddings = HuggingFaceEndpointEmbeddings(model=real_server.base_url)
    yield embeddings
    embeddings.client.close()
    await embeddings.async_client.close()


def test_documents_and_a_query(embeddings: HuggingFaceEndpointEmbeddings, truth: Truth) -> None:
    rows = embeddings.embed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))
    assert_parity([embeddings.embed_query("test")], truth.rows(Encoding(MINILM), "test"))


async def test_asynchronously(embeddings: HuggingFaceEndpointEmbeddings, truth: Truth) -> None:
    rows = await embeddings.aembed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))
    assert_parity([await embeddings.aembed_query("test")], truth.rows(Encoding(MINILM), "test"))


def test_options_pass_through(real_server: LiveServer, truth: Truth) -> None:
    options = {"normalize": True, "truncate": True, "dimensions": 128}
    embeddings = HuggingFaceEndpointEmbeddings(model=real_server.base_url, model_kwargs=options)
    rows = embeddings.embed_documents(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM, dimensions=128), *SHORT))

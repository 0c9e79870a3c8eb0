"""huggingface_hub's InferenceClient against a live server, given its base URL."""

import numpy as np
import pytest
from huggingface_hub import AsyncInferenceClient, InferenceClient
from huggingface_hub.errors import HfHubHTTPError

from closeness import assert_parity
from corpus import CORPUS, SHORT
from live_server import LiveServer
from served_models import MINILM
from truth import Encoding, Truth

pytestmark = pytest.mark.real_model


@pytest.fixture
def client(real_server: LiveServer) -> InferenceClient:
    return InferenceClient(base_url=real_server.base_url)


def test_texts(client: InferenceClient, truth: Truth) -> None:
    rows = client.feature_extraction(list(CORPUS))
    assert_parity(rows, truth.rows(Encoding(MINILM)))


def test_one_text(client: InferenceClient, truth: Truth) -> None:
    rows = client.feature_extraction("Hello world")
    assert_parity(rows, truth.rows(Encoding(MINILM), "Hello world"))


async def test_asynchronously(real_server: LiveServer, truth: Truth) -> None:
    async with AsyncInferenceClient(base_url=real_server.base_url) as client:
        rows = await client.feature_extraction(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))


def test_all_its_options(client: InferenceClient, truth: Truth) -> None:
    rows = client.feature_extraction(
        list(CORPUS), normalize=False, truncate=True, truncation_direction="right", dimensions=128
    )
    encoding = Encoding(MINILM, normalise=False, dimensions=128)
    assert_parity(rows, truth.rows(encoding))


def test_the_embed_route(real_server: LiveServer, truth: Truth) -> None:
    client = InferenceClient(model=f"{real_server.base_url}/embed")
    rows = client.feature_extraction(list(SHORT))
    assert_parity(rows, truth.rows(Encoding(MINILM), *SHORT))


def test_similarities_are_cosines(real_server: LiveServer, truth: Truth) -> None:
    client = InferenceClient(model=f"{real_server.base_url}/similarity")
    similarities = client.sentence_similarity(SHORT[0], other_sentences=list(SHORT[1:]))
    rows = truth.rows(Encoding(MINILM), *SHORT)
    np.testing.assert_allclose(similarities, rows[1:] @ rows[0], atol=1e-5)


def test_a_text_that_may_not_be_cut_is_an_error(client: InferenceClient) -> None:
    with pytest.raises(HfHubHTTPError, match="256"):
        client.feature_extraction("word " * 400, truncate=False)

"""Token counts, and which texts were cut, are those of the model's own tokenizer."""

from collections.abc import Iterator

import httpx
import pytest
from tokenizers import Tokenizer

from corpus import CORPUS
from live_server import LiveServer
from native import ask
from served_models import MINILM, MULTILINGUAL, model_folder
from tiny_models import BERT, MAX_LENGTH, MPNET, PROMPTS

pytestmark = pytest.mark.real_model

_MODELS = ((MINILM, 256), (BERT, MAX_LENGTH), (MPNET, MAX_LENGTH), (MULTILINGUAL, MAX_LENGTH))


@pytest.fixture
def http(real_server: LiveServer) -> Iterator[httpx.Client]:
    with real_server.http() as client:
        yield client


def _count_tokens(model: str) -> list[int]:
    tokenizer = Tokenizer.from_file(str(model_folder(model) / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(list(CORPUS))]


@pytest.mark.parametrize(("model", "max_length"), _MODELS)
def test_exactly_the_texts_that_are_too_long_are_reported_as_cut(
    model: str, max_length: int, http: httpx.Client
) -> None:
    too_long = [i for i, count in enumerate(_count_tokens(model)) if count > max_length]
    assert too_long
    assert ask(http, CORPUS, model_name=model)["truncated"] == too_long


@pytest.mark.parametrize(("model", "max_length"), _MODELS)
def test_usage_counts_the_tokens_that_the_model_read(
    model: str, max_length: int, http: httpx.Client
) -> None:
    read = sum(min(count, max_length) for count in _count_tokens(model))
    usage = ask(http, CORPUS, model_name=model)["usage"]
    assert usage == {"prompt_tokens": read, "total_tokens": read}


def test_token_ids_get_no_prompt_and_that_is_said(http: httpx.Client) -> None:
    """The model has a default prompt; a text would get it."""
    response = http.post("/v1/embeddings", json={"input": [[5, 6, 7]], "model": PROMPTS})
    assert response.status_code == httpx.codes.OK
    assert "prompt-not-applied" in response.headers["X-Embedding-Warning"]
    texts = http.post("/v1/embeddings", json={"input": ["the bridge"], "model": PROMPTS})
    assert "X-Embedding-Warning" not in texts.headers

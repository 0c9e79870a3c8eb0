"""The official openai package against a live server."""

from collections.abc import AsyncIterator, Iterator

import openai
import pytest
from tokenizers import Tokenizer

from closeness import assert_parity
from corpus import CORPUS, SHORT
from live_server import LiveServer
from served_models import MINILM, MODEL_NAMES, MULTILINGUAL, model_folder
from tiny_models import MATRYOSHKA
from truth import Encoding, Truth

pytestmark = pytest.mark.real_model


@pytest.fixture
def client(real_server: LiveServer) -> Iterator[openai.OpenAI]:
    url = f"{real_server.base_url}/v1"
    with openai.OpenAI(base_url=url, api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture
async def async_client(real_server: LiveServer) -> AsyncIterator[openai.AsyncOpenAI]:
    url = f"{real_server.base_url}/v1"
    async with openai.AsyncOpenAI(base_url=url, api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model_folder(MINILM) / "tokenizer.json"))
    tokenizer.no_padding()
    return tokenizer


def _vectors(answer: openai.types.CreateEmbeddingResponse) -> list[list[float]]:
    assert [item.index for item in answer.data] == list(range(len(answer.data)))
    return [item.embedding for item in answer.data]


def test_its_own_choice_of_encoding_which_is_base64(client: openai.OpenAI, truth: Truth) -> None:
    answer = client.embeddings.create(model=MINILM, input=list(CORPUS))
    assert_parity(_vectors(answer), truth.rows(Encoding(MINILM)))


def test_float_encoding(client: openai.OpenAI, truth: Truth) -> None:
    answer = client.embeddings.create(model=MINILM, input=list(SHORT), encoding_format="float")
    assert_parity(_vectors(answer), truth.rows(Encoding(MINILM), *SHORT))


def test_a_single_string(client: openai.OpenAI, truth: Truth) -> None:
    answer = client.embeddings.create(model=MULTILINGUAL, input="Hola mundo")
    assert answer.model == MULTILINGUAL
    assert_parity(_vectors(answer), truth.rows(Encoding(MULTILINGUAL), "Hola mundo"))


async def test_asynchronously(async_client: openai.AsyncOpenAI, truth: Truth) -> None:
    answer = await async_client.embeddings.create(model=MINILM, input=list(SHORT), user="someone")
    assert_parity(_vectors(answer), truth.rows(Encoding(MINILM), *SHORT))


def test_fewer_dimensions(client: openai.OpenAI, truth: Truth) -> None:
    answer = client.embeddings.create(model=MATRYOSHKA, input=list(SHORT), dimensions=16)
    assert_parity(_vectors(answer), truth.rows(Encoding(MATRYOSHKA, dimensions=16), *SHORT))


@pytest.mark.parametrize("is_framed", [True, False])
def test_token_ids_of_the_served_model(
    is_framed: bool, client: openai.OpenAI, tokenizer: Tokenizer, truth: Truth
) -> None:
    ids = [tokenizer.encode(text, add_special_tokens=is_framed).ids for text in SHORT]
    answer = client.embeddings.create(model=MINILM, input=ids)
    assert_parity(_vectors(answer), truth.rows(Encoding(MINILM), *SHORT))


def test_one_list_of_token_ids(client: openai.OpenAI, tokenizer: Tokenizer, truth: Truth) -> None:
    answer = client.embeddings.create(model=MINILM, input=tokenizer.encode("Hello world").ids)
    assert_parity(_vectors(answer), truth.rows(Encoding(MINILM), "Hello world"))


def test_usage_counts_true_tokens(client: openai.OpenAI, tokenizer: Tokenizer) -> None:
    tokens = sum(len(tokenizer.encode(text).ids) for text in SHORT)
    usage = client.embeddings.create(model=MINILM, input=list(SHORT)).usage
    assert (usage.prompt_tokens, usage.total_tokens) == (tokens, tokens)


def test_models_are_listed_the_default_first(client: openai.OpenAI) -> None:
    listed = [model.id for model in client.models.list()]
    assert listed[0] == MINILM
    assert set(listed) == set(MODEL_NAMES)


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match=MULTILINGUAL) as caught:
        client.embeddings.create(model="text-embedding-3-small", input="Hello world")
    assert caught.value.code == "model_not_found"


def test_an_empty_text_is_a_bad_request(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="1"):
        client.embeddings.create(model=MINILM, input=["Hello world", ""])

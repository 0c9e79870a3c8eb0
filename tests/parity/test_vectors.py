"""The service's vectors are sentence-transformers' own."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import numpy as np
import pytest

from closeness import assert_parity
from corpus import CORPUS
from live_server import LiveServer
from native import BATCH, ask, embed
from served_models import MINILM
from truth import CUT, PLAIN, PROMPTED, Encoding, Truth

pytestmark = pytest.mark.real_model

_INPUT_TYPES = {"encode": None, "encode_query": "query", "encode_document": "document"}


@pytest.fixture
def http(real_server: LiveServer) -> Iterator[httpx.Client]:
    with real_server.http() as client:
        yield client


def _fields(encoding: Encoding) -> dict[str, Any]:
    fields = {
        "model_name": encoding.model,
        "normalize": encoding.normalise,
        "dimensions": encoding.dimensions,
        "input_type": _INPUT_TYPES[encoding.method],
    }
    return {name: value for name, value in fields.items() if value is not None}


@pytest.mark.parametrize("encoding", PLAIN, ids=str)
def test_each_text_alone(encoding: Encoding, http: httpx.Client, truth: Truth) -> None:
    rows = [embed(http, [text], **_fields(encoding)) for text in CORPUS]
    assert_parity(np.concatenate(rows), truth.rows(encoding))


@pytest.mark.parametrize("encoding", PLAIN, ids=str)
def test_all_lengths_in_one_request(encoding: Encoding, http: httpx.Client, truth: Truth) -> None:
    assert_parity(embed(http, CORPUS, **_fields(encoding)), truth.rows(encoding))


@pytest.mark.parametrize("batch_size", [1, 3, 1000])
@pytest.mark.parametrize("encoding", PLAIN[::2], ids=str)
def test_the_batch_route_at_any_batch_size(
    encoding: Encoding, batch_size: int, http: httpx.Client, truth: Truth
) -> None:
    rows = embed(http, CORPUS, BATCH, batch_size=batch_size, **_fields(encoding))
    assert_parity(rows, truth.rows(encoding))


@pytest.mark.parametrize("encoding", PROMPTED, ids=str)
def test_prompts_go_before_texts_as_the_model_wants(
    encoding: Encoding, http: httpx.Client, truth: Truth
) -> None:
    assert_parity(embed(http, CORPUS, **_fields(encoding)), truth.rows(encoding))


@pytest.mark.parametrize("encoding", CUT, ids=str)
def test_fewer_dimensions(encoding: Encoding, http: httpx.Client, truth: Truth) -> None:
    assert_parity(embed(http, CORPUS, **_fields(encoding)), truth.rows(encoding))


def test_base64_holds_the_same_numbers_as_float(http: httpx.Client) -> None:
    packed = ask(http, CORPUS, encoding_format="base64")["embeddings"]
    rows = [np.frombuffer(base64.b64decode(text), dtype="<f4") for text in packed]
    np.testing.assert_array_equal(np.stack(rows), embed(http, CORPUS))


def test_the_default_model_answers_when_none_is_named(http: httpx.Client, truth: Truth) -> None:
    answer = ask(http, ["Hello world"])
    assert answer["model"] == MINILM
    assert_parity(answer["embeddings"], truth.rows(Encoding(MINILM), "Hello world"))

"""A text that the model cannot do fails alone, and never as a vector."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from prometheus_client.parser import text_string_to_metric_families

from closeness import assert_unmoved
from live_server import LiveServer
from native import GENERATE, embed
from tiny_models import NAN, NAN_WORD, RAISING, RAISING_WORD

pytestmark = pytest.mark.real_model

_POISONS = (
    pytest.param(NAN, NAN_WORD, "non_finite_output", id="nan"),
    pytest.param(RAISING, RAISING_WORD, "inference_failed", id="raising"),
)


@pytest.fixture
def http(real_server: LiveServer) -> Iterator[httpx.Client]:
    with real_server.http() as client:
        yield client


def _failures(http: httpx.Client, model: str) -> float:
    families = text_string_to_metric_families(http.get("/metrics").text)
    name = "embedding_inference_failures_total"
    samples = (sample for family in families for sample in family.samples)
    return sum(s.value for s in samples if s.name == name and s.labels["model"] == model)


@pytest.mark.parametrize(("model", "word", "code"), _POISONS)
def test_the_request_that_holds_it_gets_an_error_of_its_own(
    model: str, word: str, code: str, http: httpx.Client
) -> None:
    before = _failures(http, model)
    body = {"texts": ["the bridge", f"a {word} lies here"], "model_name": model}
    response = http.post(GENERATE, json=body)
    assert response.status_code == httpx.codes.INTERNAL_SERVER_ERROR
    assert response.json()["code"] == code
    assert "text 1" in response.json()["detail"]
    assert word not in response.text
    assert _failures(http, model) > before


@pytest.mark.parametrize(("model", "word", "code"), _POISONS)
def test_strangers_in_its_batch_get_their_vectors(
    model: str, word: str, code: str, http: httpx.Client
) -> None:
    texts = [f"{word} {i}" if i % 4 == 0 else f"the engineer repairs bridge {i}" for i in range(32)]
    good = [text for text in texts if word not in text]
    expected = embed(http, good, model_name=model)

    def ask(text: str) -> httpx.Response:
        return http.post(GENERATE, json={"texts": [text], "model_name": model})

    with ThreadPoolExecutor(16) as threads:
        answers = dict(zip(texts, threads.map(ask, texts), strict=True))
    assert {answers[text].json().get("code") for text in texts if word in text} == {code}
    assert {answers[text].status_code for text in good} == {httpx.codes.OK}
    rows = [answers[text].json()["embeddings"][0] for text in good]
    assert_unmoved(np.array(rows, dtype=np.float32), expected)

"""The API over a real embedder: what only both together can get wrong."""

import json
from typing import Any

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from native import BATCH, GENERATE

ROUTES = (GENERATE, BATCH, "/v1/embeddings", "/embed", "/", "/similarity", "/tokenize", "/decode")

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_the_same_text_has_one_vector_on_every_route(real_http: httpx.AsyncClient) -> None:
    native = (await real_http.post(GENERATE, json={"texts": "hello"})).json()["embeddings"]
    openai = (await real_http.post("/v1/embeddings", json={"input": "hello"})).json()["data"]
    tei = (await real_http.post("/embed", json={"inputs": "hello"})).json()
    assert native == tei == [entry["embedding"] for entry in openai]


async def test_a_stream_has_the_vectors_of_the_batch(real_http: httpx.AsyncClient) -> None:
    texts = [f"text number {i}" for i in range(600)]
    whole = (await real_http.post(BATCH, json={"texts": texts, "batch_size": 7})).json()
    lines = {"Accept": "application/x-ndjson"}
    streamed = await real_http.post(BATCH, json={"texts": texts}, headers=lines)
    *rows, end = [json.loads(line) for line in streamed.text.splitlines()]
    assert [row["index"] for row in rows] == list(range(600))
    np.testing.assert_allclose([row["embedding"] for row in rows], whole["embeddings"], atol=1e-5)
    assert end == {"done": True, "count": 600, "usage": whole["usage"]}


async def test_another_allowed_model_is_loaded_on_first_use(real_http: httpx.AsyncClient) -> None:
    body = {"texts": ["a"], "model_name": "other"}
    answer = (await real_http.post(GENERATE, json=body)).json()
    assert (answer["model"], answer["dimension"]) == ("other", 4)


async def test_dimensions_the_model_was_not_trained_for_are_told(
    real_http: httpx.AsyncClient,
) -> None:
    response = await real_http.post(GENERATE, json={"texts": ["a"], "dimensions": 4})
    assert response.headers["x-embedding-warning"] == "dimensions-not-trained"
    assert response.json()["warnings"] == ["dimensions-not-trained"]
    assert response.json()["dimension"] == 4


@pytest.mark.parametrize("dimensions", [17, 10**30])
async def test_more_dimensions_than_the_model_has_are_refused(
    real_http: httpx.AsyncClient, dimensions: int
) -> None:
    response = await real_http.post(GENERATE, json={"texts": ["a"], "dimensions": dimensions})
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "dimensions"


async def test_a_huge_batch_size_is_no_fault(real_http: httpx.AsyncClient) -> None:
    response = await real_http.post(BATCH, json={"texts": ["a"], "batch_size": 10**30})
    assert response.status_code == 200


async def test_long_texts_are_cut_and_told(real_http: httpx.AsyncClient) -> None:
    body = {"texts": ["short", "long " * 5_000]}
    assert (await real_http.post(GENERATE, json=body)).json()["truncated"] == [1]


@pytest.mark.parametrize(
    ("route", "field", "status", "told"),
    [
        (GENERATE, "texts", 422, "texts[1]"),
        ("/embed", "inputs", 422, "inputs[1]"),
    ],
)
async def test_long_texts_are_refused_where_they_may_not_be_cut(
    real_http: httpx.AsyncClient, route: str, field: str, status: int, told: str
) -> None:
    body = {field: ["short", "long " * 5_000], "truncate": False}
    response = await real_http.post(route, json=body)
    assert response.status_code == status
    assert told in response.text


@pytest.mark.parametrize("ids", [[10**9], [-1], [[1], [2**63]], [10**30]])
async def test_ids_of_another_vocabulary_name_langchains_switch(
    real_http: httpx.AsyncClient, ids: Any
) -> None:
    response = await real_http.post("/v1/embeddings", json={"input": ids})
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (400, "token_id_out_of_range")
    assert "check_embedding_ctx_length=False" in error["message"]


async def test_similarity_tells_places_of_its_own_body(real_http: httpx.AsyncClient) -> None:
    inputs = {"source_sentence": "a", "sentences": ["b", "long " * 5_000]}
    body = {"inputs": inputs, "parameters": {"truncate": False}}
    response = await real_http.post("/similarity", json=body)
    assert response.status_code == 422
    assert "inputs.sentences[1]" in response.json()["error"]


async def test_similarity_tells_a_fault_of_its_source(real_http: httpx.AsyncClient) -> None:
    body = {"inputs": {"source_sentence": "", "sentences": ["b"]}}
    response = await real_http.post("/similarity", json=body)
    assert "inputs.source_sentence" in response.json()["error"]


async def test_similarity_tells_faults_that_have_no_place(real_http: httpx.AsyncClient) -> None:
    inputs = {"source_sentence": "a", "sentences": ["b"]}
    body = {"inputs": inputs, "parameters": {"prompt_name": "poem"}}
    response = await real_http.post("/similarity", json=body)
    assert response.status_code == 422
    assert response.json()["error"].endswith("(prompt_name)")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["texts", "input", "inputs", "ids", "sentences", "dimensions", "x y"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(value=_JSON, route=st.sampled_from(ROUTES))
@settings(deadline=None)
async def test_no_json_is_too_odd(real_http: httpx.AsyncClient, value: Any, route: str) -> None:
    headers = {"Content-Type": "application/json"}
    response = await real_http.post(route, content=json.dumps(value), headers=headers)
    assert response.status_code in {200, 400, 422}

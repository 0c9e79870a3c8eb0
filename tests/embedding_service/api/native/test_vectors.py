"""POST /api/v1/embeddings/vectors: bytes, and whose they are."""

from typing import Any

import httpx
import numpy as np
import pytest

from apis import Api
from embedding_service.inference.requests import TrafficClass
from fakes import DIMENSION, FINGERPRINT, vector_of
from native import GENERATE

VECTORS = "/api/v1/embeddings/vectors"


async def test_vectors_are_bytes_and_say_whose_they_are(api: Api) -> None:
    api.embedder.truncated = [1]
    response = await api.http.post(VECTORS, json={"texts": ["a", "bcd"]})
    assert response.headers["content-type"] == "application/vnd.gpu-embedding.vectors"
    assert response.headers["x-embedding-model"] == "fake"
    assert response.headers["x-embedding-fingerprint"] == FINGERPRINT
    assert response.headers["x-embedding-dimension"] == str(DIMENSION)
    numbers = np.frombuffer(response.content, "<f4", 2 * DIMENSION).reshape(2, DIMENSION)
    assert numbers.tolist() == [vector_of("a"), vector_of("bcd")]
    counts = np.frombuffer(response.content, "<i4", 2, 8 * DIMENSION)
    assert counts.tolist() == [1, ~3]


async def test_another_model_is_refused_with_its_fingerprint(api: Api) -> None:
    response = await api.http.post(VECTORS, json={"texts": ["a"], "fingerprint": "e" * 64})
    assert (response.status_code, response.json()["code"]) == (409, "fingerprint_mismatch")
    assert response.headers["x-embedding-fingerprint"] == FINGERPRINT


async def test_class_deadline_and_bounds_are_the_callers(api: Api) -> None:
    body = {"texts": [[1, 2]], "traffic": "bulk", "timeout": 2.5, "batch_size": 3, "offset": 9}
    assert (await api.http.post(VECTORS, json=body)).status_code == 200
    (request,) = api.embedder.requests
    assert (request.traffic, request.timeout) == (TrafficClass.BULK, 2.5)
    assert (request.max_batch_texts, request.offset) == (3, 9)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"texts": []}, "texts"),
        ({"texts": ["a", ""]}, "texts[1]"),
        ({"texts": ["a"], "fingerprint": "short"}, "fingerprint"),
        ({"texts": ["a"], "traffic": "express"}, "traffic"),
        ({"texts": ["a"], "timeout": 0}, "timeout"),
        ({"texts": ["a"], "colour": "red"}, "colour"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(api: Api, body: Any, path: str) -> None:
    response = await api.http.post(VECTORS, json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == path


@pytest.mark.asyncio(loop_scope="module")
async def test_the_vectors_are_those_of_the_other_routes(real_http: httpx.AsyncClient) -> None:
    body = {"texts": ["hello", "there"]}
    numbers = (await real_http.post(GENERATE, json=body)).json()["embeddings"]
    content = (await real_http.post(VECTORS, json=body)).content
    expected = np.array(numbers, dtype="<f4").tobytes()
    assert content[: len(expected)] == expected

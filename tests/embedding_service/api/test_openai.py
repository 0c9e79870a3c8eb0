"""OpenAI's dialect."""

import base64
from typing import Any

import httpx
import numpy as np
import pytest

from apis import Api, OpenApi
from embedding_service.api.openai import OpenAIEmbeddings, OpenAIModels
from embedding_service.errors import ModelNotServed, Overloaded
from embedding_service.inference.description import ServedModel
from embedding_service.inference.requests import TrafficClass
from fakes import vector_of


async def post(api: Api, **body: Any) -> httpx.Response:
    return await api.http.post("/v1/embeddings", json=body)


async def test_the_answer_has_openais_shape(api: Api) -> None:
    response = await post(api, input=["a", "bb"], model="fake", user="somebody")
    OpenAIEmbeddings.model_validate_json(response.content, strict=True)
    assert response.json() == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": vector_of("a")},
            {"object": "embedding", "index": 1, "embedding": vector_of("bb")},
        ],
        "model": "fake",
        "usage": {"prompt_tokens": 3, "total_tokens": 3},
    }


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("one", ["one"]),
        (["one", "two"], ["one", "two"]),
        ([1, 2, 3], [[1, 2, 3]]),
        ([[1], [2, 3]], [[1], [2, 3]]),
    ],
)
async def test_texts_and_token_ids_come_in_both_shapes(api: Api, given: Any, asked: Any) -> None:
    response = await post(api, input=given)
    assert len(response.json()["data"]) == len(asked)
    assert list(api.embedder.requests[0].inputs) == asked


async def test_base64_is_little_endian_float32(api: Api) -> None:
    answer = (await post(api, input="a", encoding_format="base64")).json()
    row = np.frombuffer(base64.b64decode(answer["data"][0]["embedding"]), "<f4")
    assert row.tolist() == vector_of("a")


async def test_null_is_the_default_format(api: Api) -> None:
    answer = (await post(api, input="a", encoding_format=None)).json()
    assert answer["data"][0]["embedding"] == vector_of("a")


async def test_vectors_are_normalised_and_long_texts_cut(api: Api) -> None:
    await post(api, input="a", dimensions=4)
    request = api.embedder.requests[0]
    assert (request.normalise, request.truncate, request.dimensions) == (True, True, 4)
    assert request.traffic is TrafficClass.INTERACTIVE


async def test_fields_it_does_not_know_are_ignored(api: Api) -> None:
    assert (await post(api, input="a", truncate=False, whatever=1)).status_code == 200
    assert api.embedder.requests[0].truncate


async def test_timings_and_warnings_stand_in_headers(api: Api) -> None:
    api.embedder.warnings = ("dimensions-not-trained",)
    headers = (await post(api, input=["a", "bb"])).headers
    assert (headers["x-compute-tokens"], headers["x-compute-characters"]) == ("3", "3")
    assert (headers["x-tokenization-time"], headers["x-queue-time"]) == ("100", "200")
    assert headers["x-inference-time"] == "300"
    assert headers["x-embedding-warning"] == "dimensions-not-trained"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input[0]"),
        ({"input": ["a", " "]}, "input[1]"),
        ({"input": ["a", 1]}, "input[1]"),
        ({"input": [1, "a"]}, "input[1]"),
        ({"input": [1, True]}, "input[1]"),
        ({"input": [[1], "a"]}, "input[1]"),
        ({"input": [[1], [1.5]]}, "input[1]"),
        ({"input": [[1], []]}, "input[1]"),
        ({"input": [[]]}, "input[0]"),
        ({"input": 5}, "input"),
        ({"input": {"a": 1}}, "input"),
        ({"input": "a", "dimensions": 0}, "dimensions"),
        ({"input": "a", "encoding_format": "hex"}, "encoding_format"),
        ({"input": "a", "model": 7}, "model"),
    ],
)
async def test_what_is_wrong_is_a_400_that_names_the_place(api: Api, body: Any, param: str) -> None:
    response = await post(api, **body)
    error = response.json()["error"]
    assert response.status_code == 400
    assert (error["type"], error["code"]) == ("invalid_request_error", "invalid_request")
    assert error["param"] == param
    assert param.partition("[")[0] in error["message"] or error["message"]


async def test_too_many_lists_of_ids_are_too_large(open_api: OpenApi) -> None:
    response = await post(open_api(max_texts=1), input=[[1], [2]])
    assert response.status_code == 413
    assert "MAX_TEXTS" in response.json()["error"]["message"]


async def test_a_list_of_too_many_ids_is_too_large(open_api: OpenApi) -> None:
    response = await post(open_api(max_text_chars=2), input=[1, 2, 3])
    assert response.status_code == 413
    assert "MAX_TEXT_CHARS" in response.json()["error"]["message"]


async def test_empty_lists_of_ids_go_with_empty_texts(open_api: OpenApi) -> None:
    assert (await post(open_api(allow_empty_texts=True), input=[[]])).status_code == 200


async def test_a_model_that_is_not_served_is_a_404(api: Api) -> None:
    api.embedder.failure = ModelNotServed("gpt", ["fake", "other"])
    response = await post(api, input="a", model="gpt")
    assert (response.status_code, response.json()["error"]["code"]) == (404, "model_not_found")
    assert "fake, other" in response.json()["error"]["message"]


async def test_an_overloaded_server_says_when_to_come_back(api: Api) -> None:
    api.embedder.failure = Overloaded("full", 7.2, "queue")
    response = await post(api, input="a")
    assert (response.status_code, response.headers["retry-after"]) == (429, "8")
    assert response.json()["error"]["type"] == "rate_limit_error"


async def test_models_are_listed_with_the_default_first(api: Api) -> None:
    api.embedder.models.append(
        ServedModel("org/other", "org/other", False, "unloaded", None, None, None)
    )
    response = await api.http.get("/v1/models")
    OpenAIModels.model_validate_json(response.content, strict=True)
    assert [model["id"] for model in response.json()["data"]] == ["fake", "org/other"]


async def test_a_model_is_found_by_a_name_with_slashes(api: Api) -> None:
    api.embedder.models.append(
        ServedModel("org/other", "org/other", False, "unloaded", None, None, None)
    )
    response = await api.http.get("/v1/models/org/other")
    assert (response.status_code, response.json()["id"]) == (200, "org/other")


async def test_an_unknown_model_is_a_404_that_names_the_served_ones(api: Api) -> None:
    response = await api.http.get("/v1/models/nobody")
    assert response.status_code == 404
    assert "served are: fake" in response.json()["error"]["message"]

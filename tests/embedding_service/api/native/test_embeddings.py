"""POST /api/v1/embeddings/generate and /batch."""

import base64
import logging
from typing import Any

import httpx
import numpy as np
import pytest

from apis import Api, OpenApi
from embedding_service.api.encoding import NUMBERS_AT_ONCE
from embedding_service.api.native.answers import GenerateAnswer
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.inference.requests import TrafficClass
from fakes import DIMENSION, FINGERPRINT, vector_of
from native import BATCH, GENERATE

ROUTES = pytest.mark.parametrize("route", [GENERATE, BATCH])


async def post(api: Api, body: Any, route: str = GENERATE, **headers: str) -> httpx.Response:
    return await api.http.post(route, json=body, headers=headers)


def faults(response: httpx.Response) -> list[tuple[str, str]]:
    return [(fault["path"], fault["message"]) for fault in response.json()["errors"]]


async def test_the_first_example_is_answered(api: Api) -> None:
    body = {"texts": ["Hello world", "Hola mundo"], "normalize": True}
    answer = (await post(api, body)).json()
    assert answer["embeddings"] == [vector_of("Hello world"), vector_of("Hola mundo")]
    assert answer["usage"] == {"prompt_tokens": 21, "total_tokens": 21}
    facts = {name: answer[name] for name in ("model", "dimension", "count")}
    assert facts == {"model": "fake", "dimension": DIMENSION, "count": 2}


@ROUTES
async def test_the_answer_has_the_documented_shape(api: Api, route: str) -> None:
    response = await post(api, {"texts": ["one"]}, route)
    GenerateAnswer.model_validate_json(response.content, strict=True)
    assert response.headers["content-type"] == "application/json"
    assert response.headers["x-embedding-fingerprint"] == FINGERPRINT


async def test_a_single_text_may_stand_alone(api: Api) -> None:
    answer = (await post(api, {"texts": "one"})).json()
    assert (answer["count"], answer["embeddings"]) == (1, [vector_of("one")])


async def test_timings_are_told_in_seconds(api: Api) -> None:
    timings = (await post(api, {"texts": ["one"]})).json()["timings"]
    assert (timings["tokenization_seconds"], timings["queue_seconds"]) == (0.1, 0.2)
    assert 0 <= timings["encoding_seconds"] <= timings["total_seconds"]


async def test_base64_is_little_endian_float32(api: Api) -> None:
    answer = (await post(api, {"texts": ["a", "b"], "encoding_format": "base64"})).json()
    rows = [np.frombuffer(base64.b64decode(row), "<f4") for row in answer["embeddings"]]
    assert [row.tolist() for row in rows] == [vector_of("a"), vector_of("b")]


async def test_every_field_reaches_the_embedder(api: Api) -> None:
    body = {
        "texts": ["a"],
        "model_name": "fake",
        "normalize": False,
        "input_type": "query",
        "dimensions": 4,
        "truncate": False,
        "batch_size": 3,
    }
    await post(api, body, BATCH)
    request = api.embedder.requests[0]
    assert list(request.inputs) == ["a"]
    assert (request.model, request.normalise, request.truncate) == ("fake", False, False)
    assert (request.input_type, request.dimensions, request.max_batch_texts) == ("query", 4, 3)


async def test_defaults_are_those_of_the_documentation(api: Api) -> None:
    await post(api, {"texts": ["a"]})
    request = api.embedder.requests[0]
    assert (request.model, request.normalise, request.truncate) == (None, True, True)
    assert (request.input_type, request.dimensions, request.max_batch_texts) == (None, None, None)


@pytest.mark.parametrize(
    ("route", "count", "traffic"),
    [
        (GENERATE, 16, TrafficClass.INTERACTIVE),
        (GENERATE, 17, TrafficClass.BULK),
        (BATCH, 1, TrafficClass.BULK),
    ],
)
async def test_few_texts_are_interactive_and_a_batch_never_is(
    api: Api, route: str, count: int, traffic: TrafficClass
) -> None:
    await post(api, {"texts": ["a"] * count}, route)
    assert api.embedder.requests[0].traffic is traffic


async def test_cut_texts_and_warnings_are_told(api: Api) -> None:
    api.embedder.truncated, api.embedder.warnings = [1], ("dimensions-not-trained",)
    response = await post(api, {"texts": ["a", "b"]})
    assert response.json()["truncated"] == [1]
    assert response.json()["warnings"] == ["dimensions-not-trained"]
    assert response.headers["x-embedding-warning"] == "dimensions-not-trained"


async def test_without_warnings_there_is_no_such_header(api: Api) -> None:
    assert "x-embedding-warning" not in (await post(api, {"texts": ["a"]})).headers


@pytest.mark.parametrize("form", ["float", "base64"])
async def test_a_large_answer_is_the_same_in_pieces(api: Api, form: str) -> None:
    count = 3
    dimensions = NUMBERS_AT_ONCE // 2 + 1
    body = {"texts": ["a"] * count, "dimensions": dimensions, "encoding_format": form}
    response = await post(api, body)
    assert "content-length" not in response.headers
    rows = response.json()["embeddings"]
    if form == "base64":
        rows = [np.frombuffer(base64.b64decode(row), "<f4").tolist() for row in rows]
    assert rows == [vector_of("a", dimensions)] * count


async def test_encoding_is_measured_as_a_stage(api: Api) -> None:
    await post(api, {"texts": ["a"]})
    assert api.sample("embedding_stage_duration_seconds_count", stage="encoding") == 1


@ROUTES
@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "texts", "is required"),
        ({"texts": []}, "texts", "give at least one text"),
        ({"texts": ["a", ""]}, "texts[1]", "is empty or blank"),
        ({"texts": ["a", " \n"]}, "texts[1]", "is empty or blank"),
        ({"texts": ["a", "b", "c\0"]}, "texts[2]", "NUL"),
        ({"texts": ["a", 3]}, "texts[1]", "is no text"),
        ({"texts": ["a", None]}, "texts[1]", "is no text"),
        ({"texts": [["a"]]}, "texts[0]", "is no text"),
        ({"texts": [1, 2]}, "texts[0]", "is no text"),
        ({"texts": {"a": 1}}, "texts", "must be texts, one or a list"),
        ({"texts": None}, "texts", "must be texts, one or a list"),
        ({"texts": ["a"], "normalize": "yes"}, "normalize", "boolean"),
        ({"texts": ["a"], "input_type": "passage"}, "input_type", "'query' or 'document'"),
        ({"texts": ["a"], "encoding_format": "hex"}, "encoding_format", "'float' or 'base64'"),
        ({"texts": ["a"], "dimensions": 0}, "dimensions", "greater than or equal to 1"),
        ({"texts": ["a"], "dimensions": -1}, "dimensions", "greater than or equal to 1"),
        ({"texts": ["a"], "dimensions": 2.5}, "dimensions", "integer"),
        ({"texts": ["a"], "dimensions": True}, "dimensions", "integer"),
        ({"texts": ["a"], "model_name": "m" * 201}, "model_name", "at most 200"),
        ({"texts": ["a"], "model": "fake"}, "model", "is no field"),
        ({"texts": ["a"], "a text?": 1}, "(unreadable name)", "is no field"),
        ([], "body", "must be a JSON object"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(
    api: Api, body: Any, path: str, message: str, route: str
) -> None:
    response = await post(api, body, route)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    told_path, told_message = faults(response)[0]
    assert told_path == path
    assert message in told_message
    assert api.embedder.requests == []


async def test_every_wrong_text_is_told(api: Api) -> None:
    response = await post(api, {"texts": ["a", 1, "b", None]})
    assert faults(response) == [("texts[1]", "is no text"), ("texts[3]", "is no text")]
    assert response.json()["detail"] == "texts[1]: is no text (and 1 more)"


async def test_no_more_than_a_hundred_faults_are_told(api: Api) -> None:
    response = await post(api, {"texts": [1] * 5_000})
    assert len(faults(response)) == 100


async def test_a_batch_of_nothing_at_a_time_is_refused(api: Api) -> None:
    response = await post(api, {"texts": ["a"], "batch_size": 0}, BATCH)
    assert (response.status_code, faults(response)[0][0]) == (422, "batch_size")


async def test_generate_knows_no_batch_size(api: Api) -> None:
    response = await post(api, {"texts": ["a"], "batch_size": 2})
    assert faults(response) == [("batch_size", "is no field of this request")]


async def test_empty_texts_may_be_allowed(open_api: OpenApi) -> None:
    api = open_api(allow_empty_texts=True)
    assert (await post(api, {"texts": ["", " "]})).status_code == 200


async def test_too_many_texts_are_told_with_the_limit_and_its_setting(open_api: OpenApi) -> None:
    response = await post(open_api(max_texts=2), {"texts": ["a"] * 3})
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert "2 texts" in response.json()["detail"]
    assert "MAX_TEXTS" in response.json()["detail"]


async def test_a_text_too_long_is_told_with_the_limit_and_its_setting(open_api: OpenApi) -> None:
    response = await post(open_api(max_text_chars=5), {"texts": ["abcde", "abcdef"]})
    assert response.status_code == 413
    assert "MAX_TEXT_CHARS" in response.json()["detail"]


async def test_what_the_embedder_refuses_is_told_in_the_callers_words(api: Api) -> None:
    issues = [Issue("has 9 tokens", position=1), Issue("too large", path="dimensions")]
    api.embedder.failure = InvalidRequest("two faults", issues)
    response = await post(api, {"texts": ["a", "b"]})
    assert faults(response) == [("texts[1]", "has 9 tokens"), ("dimensions", "too large")]


async def test_a_text_never_reaches_the_log_of_a_fault(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await post(api, {"texts": ["the secret text\0"]})
    assert "secret" not in caplog.text

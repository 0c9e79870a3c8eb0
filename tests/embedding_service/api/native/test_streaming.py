"""POST /api/v1/embeddings/batch with lines as its answer."""

import base64
import json
from typing import Any

import httpx
import numpy as np
import pytest

from apis import Api
from embedding_service.errors import NonFiniteOutput, Overloaded
from fakes import FINGERPRINT, vector_of
from native import BATCH

LINES = "application/x-ndjson"


async def stream(api: Api, **body: Any) -> httpx.Response:
    return await api.http.post(BATCH, json=body, headers={"Accept": LINES})


def lines_of(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.text.endswith("\n")
    return [json.loads(line) for line in response.text.splitlines()]


async def test_one_line_a_text_in_order_and_then_the_end(api: Api) -> None:
    response = await stream(api, texts=["a", "bb", "ccc"])
    assert response.headers["content-type"] == LINES
    assert response.headers["x-embedding-fingerprint"] == FINGERPRINT
    *lines, end = lines_of(response)
    assert lines == [
        {"index": index, "embedding": vector_of(text), "truncated": False}
        for index, text in enumerate(["a", "bb", "ccc"])
    ]
    usage = {"prompt_tokens": 6, "total_tokens": 6}
    assert end == {"done": True, "count": 3, "usage": usage}


async def test_cut_texts_are_marked_in_their_own_line(api: Api) -> None:
    api.embedder.truncated = [1]  # of each slice of two
    *lines, _ = lines_of(await stream(api, texts=["a", "b", "c", "d"]))
    assert [line["truncated"] for line in lines] == [False, True, False, True]


async def test_lines_can_be_base64(api: Api) -> None:
    first, _ = lines_of(await stream(api, texts=["a"], encoding_format="base64"))
    assert np.frombuffer(base64.b64decode(first["embedding"]), "<f4").tolist() == vector_of("a")


async def test_warnings_stand_in_the_header(api: Api) -> None:
    api.embedder.warnings = ("dimensions-not-trained",)
    response = await stream(api, texts=["a"])
    assert response.headers["x-embedding-warning"] == "dimensions-not-trained"


async def test_a_refusal_before_the_first_line_is_an_ordinary_one(api: Api) -> None:
    api.embedder.failure = Overloaded("the queue is full", 2.5, "queue")
    response = await stream(api, texts=["a"])
    assert (response.status_code, response.headers["retry-after"]) == (429, "3")
    assert response.headers["content-type"] == "application/problem+json"


async def test_a_failure_on_the_way_is_the_last_line(api: Api) -> None:
    api.embedder.failure, api.embedder.failure_after = NonFiniteOutput("NaN at 2"), 2
    response = await stream(api, texts=["a", "b", "c"])
    assert response.status_code == 200
    *lines, end = lines_of(response)
    assert [line["index"] for line in lines] == [0, 1]
    assert end["error"]["code"] == "non_finite_output"
    assert end["error"]["request_id"] == response.headers["x-request-id"]
    assert api.sample("embedding_refusals_total", reason="non_finite_output") == 1


async def test_an_unforeseen_failure_on_the_way_tells_nothing_of_itself(api: Api) -> None:
    api.embedder.failure, api.embedder.failure_after = RuntimeError("secret"), 2
    response = await stream(api, texts=["a", "b", "c"])
    assert lines_of(response)[-1]["error"]["code"] == "internal_error"
    assert "secret" not in response.text


@pytest.mark.parametrize(
    "accept", [f"{LINES};q=0.9, application/json", f"text/html, {LINES.upper()}"]
)
async def test_lines_are_asked_for_by_name(api: Api, accept: str) -> None:
    response = await api.http.post(BATCH, json={"texts": ["a"]}, headers={"Accept": accept})
    assert response.headers["content-type"] == LINES


@pytest.mark.parametrize("accept", ["*/*", "application/*", "application/json"])
async def test_whoever_takes_anything_gets_one_json(api: Api, accept: str) -> None:
    response = await api.http.post(BATCH, json={"texts": ["a"]}, headers={"Accept": accept})
    assert response.headers["content-type"] == "application/json"

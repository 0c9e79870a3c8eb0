"""Texts of users stay out of logs, metrics and errors."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from apis import Api
from embedding_service.errors import InferenceFailed, InvalidRequest, Issue
from native import BATCH, GENERATE

WORD = "Swordfish"
# Each body with the secret where a text belongs, and where it does not.
BODIES: list[Any] = [
    {"texts": [WORD], "input": [WORD], "inputs": [WORD]},
    {"texts": [WORD, ""], "input": [WORD, ""], "inputs": [WORD, ""]},
    {"texts": [f"{WORD}\0"], "input": [f"{WORD}\0"], "inputs": [f"{WORD}\0"]},
    {"texts": {WORD: 1}, "input": {WORD: 1}, "inputs": {WORD: 1}},
    {"texts": [[WORD]], "input": [[WORD]], "inputs": [[WORD]]},
    {"texts": "a", "input": "a", "inputs": "a", "dimensions": WORD, "normalize": WORD},
    {f"{WORD} is the word": 1},
    [WORD],
    WORD,
]


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


async def assert_kept(api: Api, logs: list[Any], response: httpx.Response) -> None:
    assert WORD not in response.text
    assert WORD not in str(response.headers)
    assert WORD not in str(logs)
    assert WORD not in (await api.http.get("/metrics")).text


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("route", [GENERATE, BATCH, "/v1/embeddings", "/embed", "/similarity"])
async def test_no_request_brings_a_text_out(
    api: Api, logs: list[Any], route: str, body: Any
) -> None:
    await assert_kept(api, logs, await api.http.post(route, json=body))


@pytest.mark.parametrize("content", [f'{{"texts": "{WORD}', f'{{"texts": "{WORD}\\ud800"}}'])
async def test_no_broken_body_brings_a_text_out(api: Api, logs: list[Any], content: str) -> None:
    headers = {"Content-Type": "application/json"}
    await assert_kept(api, logs, await api.http.post(GENERATE, content=content, headers=headers))


@pytest.mark.parametrize(
    "failure",
    [RuntimeError(WORD), InferenceFailed("text 0"), InvalidRequest("m", [Issue("m", 0)])],
)
async def test_no_failure_brings_a_text_out(api: Api, logs: list[Any], failure: Exception) -> None:
    api.embedder.failure = failure
    await assert_kept(api, logs, await api.http.post(GENERATE, json={"texts": [WORD]}))


async def test_no_path_and_no_key_comes_out(api: Api, logs: list[Any]) -> None:
    headers = {"Authorization": f"Bearer {WORD}", "X-Request-ID": f"{WORD} {WORD}"}
    await assert_kept(api, logs, await api.http.get(f"/{WORD}?{WORD}", headers=headers))

"""/embed, / and /similarity in the shapes of text-embeddings-inference."""

from typing import Any

import httpx
import numpy as np
import pytest

from apis import Api
from fakes import vector_of

ROUTES = pytest.mark.parametrize("route", ["/embed", "/"])


async def post(api: Api, route: str, body: Any) -> httpx.Response:
    return await api.http.post(route, json=body)


def similarity(*sentences: Any, source: Any = "source", **parameters: Any) -> dict[str, Any]:
    inputs = {"source_sentence": source, "sentences": list(sentences)}
    return {"inputs": inputs, "parameters": parameters}


@ROUTES
@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("one", ["one"]),
        (["one", "two"], ["one", "two"]),
        ([1, 2], [[1, 2]]),
        ([[1], [2, 3]], [[1], [2, 3]]),
    ],
)
async def test_the_answer_is_a_bare_list_of_vectors(
    api: Api, route: str, given: Any, asked: Any
) -> None:
    response = await post(api, route, {"inputs": given})
    assert response.json() == [vector_of(one) for one in asked]
    assert list(api.embedder.requests[0].inputs) == asked


async def test_every_field_reaches_the_embedder(api: Api) -> None:
    body = {
        "inputs": "a",
        "truncate": False,
        "truncation_direction": "Left",
        "prompt_name": "query",
        "normalize": False,
        "dimensions": 4,
    }
    await post(api, "/embed", body)
    request = api.embedder.requests[0]
    assert (request.truncate, request.truncation_side) == (False, "left")
    assert (request.prompt_name, request.normalise, request.dimensions) == ("query", False, 4)


@pytest.mark.parametrize("body", [{}, {"truncate": None, "prompt_name": None, "dimensions": None}])
async def test_defaults_are_those_of_the_original(api: Api, body: dict[str, Any]) -> None:
    await post(api, "/embed", {"inputs": "a", "unknown": 1, **body})
    request = api.embedder.requests[0]
    assert (request.truncate, request.truncation_side) == (True, "right")
    assert (request.normalise, request.prompt_name) == (True, None)


@pytest.mark.parametrize(("told", "side"), [("left", "left"), ("right", "right")])
async def test_directions_may_be_in_small_letters(api: Api, told: str, side: str) -> None:
    await post(api, "/embed", {"inputs": "a", "truncation_direction": told})
    assert api.embedder.requests[0].truncation_side == side


@pytest.mark.parametrize(
    ("route", "body"), [("/embed", {"inputs": ["a", "bb"]}), ("/similarity", similarity("a", "b"))]
)
async def test_headers_tell_where_the_time_went(api: Api, route: str, body: Any) -> None:
    headers = (await post(api, route, body)).headers
    assert int(headers["x-total-time"]) >= 0
    assert int(headers["x-compute-time"]) >= 0
    assert (headers["x-tokenization-time"], headers["x-queue-time"]) == ("100", "200")
    assert headers["x-inference-time"] == "300"
    assert headers["x-compute-characters"] == headers["x-compute-tokens"]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"inputs": []}, "no texts given"),
        ({"inputs": ["a", ""]}, "positions 1"),
        ({"inputs": ["a", 3]}, "inputs[1]"),
        ({"inputs": "a", "truncation_direction": "up"}, "truncation_direction"),
        ({"inputs": "a", "dimensions": 0}, "dimensions"),
    ],
)
async def test_errors_have_the_originals_shape(api: Api, body: Any, message: str) -> None:
    response = await post(api, "/embed", body)
    assert response.status_code == 422
    assert set(response.json()) == {"error", "error_type"}
    assert response.json()["error_type"] == "Validation"
    assert message in response.json()["error"]


async def test_similarity_is_the_cosine_with_each_sentence(api: Api) -> None:
    response = await post(api, "/similarity", similarity("a", "b"))
    rows = np.array([vector_of(text) for text in ("source", "a", "b")])
    np.testing.assert_allclose(response.json(), rows[1:] @ rows[0], rtol=1e-5)
    assert api.embedder.requests[0].normalise


async def test_similarity_passes_its_parameters_on(api: Api) -> None:
    parameters = {"truncate": False, "truncation_direction": "Left", "prompt_name": "query"}
    await post(api, "/similarity", similarity("a", **parameters))
    request = api.embedder.requests[0]
    assert (request.truncate, request.truncation_side) == (False, "left")
    assert request.prompt_name == "query"


@pytest.mark.parametrize("parameters", [None, {}])
async def test_similarity_needs_no_parameters(api: Api, parameters: Any) -> None:
    body = {**similarity("a"), "parameters": parameters}
    assert (await post(api, "/similarity", body)).status_code == 200


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (similarity(), "no sentences given"),
        (similarity("a", 3), "inputs.sentences[1]"),
        (similarity("a", source=3), "inputs.source_sentence"),
        ({"inputs": "a"}, "inputs"),
        ({}, "inputs"),
    ],
)
async def test_similarity_names_what_is_wrong(api: Api, body: Any, place: str) -> None:
    response = await post(api, "/similarity", body)
    assert response.status_code == 422
    assert place in response.json()["error"]

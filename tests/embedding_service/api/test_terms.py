"""What a caller says by headers, on every route that makes vectors of texts."""

from pathlib import Path
from typing import Any

import pytest

from apis import Api, OpenApi, give_indexes
from embedding_service.api.auth import Authenticator
from embedding_service.api.document import build_document
from embedding_service.api.keys import KeyRing, new_key
from embedding_service.inference.requests import Terms, TrafficClass
from native import BATCH, GENERATE

VECTORS = "/api/v1/embeddings/vectors"
SEARCH, ADD = "/api/v1/indexes/notes/search", "/api/v1/indexes/notes/documents"
BODIES: dict[str, Any] = {
    GENERATE: {"texts": ["a"]},
    BATCH: {"texts": ["a"]},
    VECTORS: {"texts": ["a"]},
    "/v1/embeddings": {"input": "a"},
    "/embed": {"inputs": "a"},
    "/": {"inputs": "a"},
    "/similarity": {"inputs": {"source_sentence": "a", "sentences": ["b"]}},
}
INDEXED: dict[str, Any] = {
    SEARCH: {"query_text": "a"},
    "/api/v1/similarity/search": {"query_text": "a"},
    ADD: {"documents": [{"text": "a"}]},
    "/api/v1/index/add": ["a"],
}
ROUTES = pytest.mark.parametrize(("route", "body"), BODIES.items())
ALL_ROUTES = pytest.mark.parametrize(("route", "body"), [*BODIES.items(), *INDEXED.items()])
MANY = ["a"] * 17


@ROUTES
async def test_the_priority_is_the_callers(api: Api, route: str, body: Any) -> None:
    for priority in ("bulk", "interactive", "Bulk"):
        response = await api.http.post(route, json=body, headers={"X-Priority": priority})
        assert response.status_code == 200
        assert api.embedder.requests[-1].traffic is TrafficClass(priority.lower())


@pytest.mark.parametrize(
    ("route", "body"),
    [
        (BATCH, {"texts": ["a"]}),
        (GENERATE, {"texts": MANY}),
        ("/v1/embeddings", {"input": MANY}),
        ("/embed", {"inputs": MANY}),
        ("/similarity", {"inputs": {"source_sentence": "a", "sentences": MANY}}),
    ],
)
async def test_a_job_is_bulk_unless_it_says_otherwise(api: Api, route: str, body: Any) -> None:
    await api.http.post(route, json=body)
    await api.http.post(route, json=body, headers={"X-Priority": "interactive"})
    asked, urgent = api.embedder.requests
    assert (asked.traffic, urgent.traffic) == (TrafficClass.BULK, TrafficClass.INTERACTIVE)


@ROUTES
async def test_the_time_is_the_callers_and_no_more_than_the_servers(
    open_api: OpenApi, route: str, body: Any
) -> None:
    api = open_api(request_timeout=60)
    for given, seconds in (("2.5", 2.5), ("0.001", 0.001), ("61", 60.0), ("999999999", 60.0)):
        response = await api.http.post(route, json=body, headers={"X-Request-Timeout": given})
        assert response.status_code == 200
        assert api.embedder.requests[-1].timeout == seconds
    await api.http.post(route, json=body)
    assert api.embedder.requests[-1].timeout is None


@ALL_ROUTES
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Priority", "express"),
        ("X-Priority", ""),
        *(("X-Request-Timeout", value) for value in ("0", "-1", "soon", "1e3", "inf", "", "0.0")),
    ],
)
async def test_what_is_wrong_is_refused_by_the_headers_name(
    api: Api, route: str, body: Any, name: str, value: str
) -> None:
    give_indexes(api)
    response = await api.http.post(route, json=body, headers={name: value})
    assert response.status_code == (400 if route.startswith("/v1/") else 422)
    assert name in response.text
    assert not api.embedder.requests


async def test_a_header_given_twice_is_refused(api: Api) -> None:
    for name, value in (("X-Priority", "bulk"), ("X-Request-Timeout", "5")):
        headers = [(name, value), (name, value)]
        response = await api.http.post(GENERATE, json={"texts": ["a"]}, headers=headers)
        assert response.status_code == 422


async def test_whoever_calls_is_known_by_the_name_of_its_key(
    open_api: OpenApi, tmp_path: Path
) -> None:
    secret, lines = new_key("search-frontend")
    file = tmp_path / "keys.toml"
    file.write_text(lines, encoding="utf-8")
    api = open_api(Authenticator(KeyRing(file)))
    for route, body in BODIES.items():
        headers = {"Authorization": f"Bearer {secret}"}
        assert (await api.http.post(route, json=body, headers=headers)).status_code == 200
    assert {request.caller for request in api.embedder.requests} == {"search-frontend"}
    behind = {"texts": ["a"], "caller": "reader"}
    await api.http.post(VECTORS, json=behind, headers={"Authorization": f"Bearer {secret}"})
    assert api.embedder.requests[-1].caller == "search-frontend/reader"


async def test_without_keys_all_are_one_caller(api: Api) -> None:
    await api.http.post(GENERATE, json={"texts": ["a"]})
    assert api.embedder.requests[0].caller == ""


async def test_searches_and_adds_pass_on_what_was_said(api: Api) -> None:
    indexes = give_indexes(api)
    headers = {"X-Priority": "bulk", "X-Request-Timeout": "3"}
    for route, body in INDEXED.items():
        assert (await api.http.post(route, json=body, headers=headers)).status_code == 200
    told = [asked.terms for *_, asked in indexes.calls]
    assert told == [Terms(TrafficClass.BULK, 3.0)] * 4


def test_every_such_route_documents_both() -> None:
    document = build_document()
    for route in (each.replace("notes", "{name}") for each in (*BODIES, *INDEXED)):
        taken = {each["name"] for each in document["paths"][route]["post"]["parameters"]}
        assert {"X-Priority", "X-Request-Timeout"} <= taken, route

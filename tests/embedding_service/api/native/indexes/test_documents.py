"""Reading, paging and removing documents."""

import hashlib
from typing import Any

import numpy as np
import pytest

from apis import Api
from embedding_service.api.native.indexes.answers import (
    DocumentAnswer,
    DocumentsAnswer,
    RemovalAnswer,
)
from embedding_service.indexes.errors import NotFound
from fake_retrieval import DOCUMENT, VECTOR, FakeRetrieval

DOCUMENTS = "/api/v1/indexes/articles/documents"
STORED = {"id": "a/1", "text": "one", "metadata": {"year": 2024}, "version": 7}
IDS = [
    ("a", "a"),
    ("a/1", "a/1"),
    ("a%2F1", "a/1"),
    ("a%2f", "a/"),
    ("delete", "delete"),
    ("%C3%A9%20%3F%23", "é ?#"),
    ("a%0A", "a\n"),
    ("a%0Ab", "a\nb"),
    ("%E2%80%A8", "\N{LINE SEPARATOR}"),
]


@pytest.mark.parametrize(("path", "told"), IDS)
async def test_a_document_is_read_by_any_id(
    api: Api, retrieval: FakeRetrieval, path: str, told: str
) -> None:
    response = await api.http.get(f"{DOCUMENTS}/{path}")
    assert (response.status_code, response.json()) == (200, STORED)
    DocumentAnswer.model_validate_json(response.content)
    assert retrieval.calls == [("read", "articles", told)]


@pytest.mark.parametrize(("path", "told"), IDS)
async def test_a_document_is_removed_by_any_id(
    api: Api, retrieval: FakeRetrieval, path: str, told: str
) -> None:
    response = await api.http.delete(f"{DOCUMENTS}/{path}")
    assert (response.status_code, response.content) == (204, b"")
    assert retrieval.calls == [("remove", "articles", [told], None)]


async def test_a_document_that_is_not_there_cannot_be_removed(
    api: Api, retrieval: FakeRetrieval
) -> None:
    retrieval.removed = []
    response = await api.http.delete(f"{DOCUMENTS}/a")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_a_document_that_is_not_there_cannot_be_read(
    api: Api, retrieval: FakeRetrieval
) -> None:
    retrieval.failure = NotFound("document", "a")
    response = await api.http.get(f"{DOCUMENTS}/a")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_the_vector_is_told_where_it_is_asked_for(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.get(f"{DOCUMENTS}/a?include=vector")
    assert response.json() == {**STORED, "vector": [0.1, -2.5]}
    assert np.array_equal(np.float32(response.json()["vector"]), VECTOR)
    response = await api.http.get(f"{DOCUMENTS}?include=vector")
    assert response.json()["documents"] == [{**STORED, "vector": [0.1, -2.5]}]


async def test_metadata_is_told_as_it_is_kept(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.get(f"{DOCUMENTS}/a")
    assert b'"metadata":{"year":2024}' in response.content
    assert DOCUMENT.metadata is not None


async def test_documents_come_a_hundred_at_a_time(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.get(DOCUMENTS)
    DocumentsAnswer.model_validate_json(response.content)
    assert response.json() == {"documents": [STORED], "cursor": "more"}
    assert retrieval.calls == [("page", "articles", None, 100)]


@pytest.mark.parametrize("limit", [1, 1000])
async def test_a_cursor_is_passed_on_as_it_came(
    api: Api, retrieval: FakeRetrieval, limit: int
) -> None:
    params: dict[str, str | int] = {"cursor": "+/=&é", "limit": limit}
    await api.http.get(DOCUMENTS, params=params)
    assert retrieval.calls == [("page", "articles", "+/=&é", limit)]


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?limit=99999999999", "limit"),
        ("?limit=-1", "limit"),
        ("?limit=1.0", "limit"),
        ("?limit=%D9%A1", "limit"),
        ("?limit=", "limit"),
        ("?limit=1&limit=2", "limit"),
        ("?cursor=", "cursor"),
        (f"?cursor={'c' * 1025}", "cursor"),
        ("?include=text", "include"),
        ("?include=", "include"),
        ("?offset=1", "query"),
        ("/a?include=metadata", "include"),
        ("/a?limit=1", "query"),
        ("/", "id"),
        ("/%00", "id"),
        (f"/{'a' * 513}", "id"),
        (f"/{'%C3%A9' * 257}", "id"),
    ],
)
async def test_a_wrong_path_or_query_is_refused(
    api: Api, retrieval: FakeRetrieval, path: str, fault: str
) -> None:
    response = await api.http.get(DOCUMENTS + path)
    assert response.status_code == 422
    assert [issue["path"] for issue in response.json()["errors"]] == [fault]
    assert retrieval.calls == []


async def test_documents_are_removed_by_their_ids(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.post(f"{DOCUMENTS}/delete", json={"ids": ["a/1", "b"]})
    RemovalAnswer.model_validate_json(response.content)
    assert response.json() == {"ids": ["a/1"], "count": 1, "version": 9}
    assert retrieval.calls == [("remove", "articles", ["a/1", "b"], None)]


async def test_documents_are_removed_by_a_filter(api: Api, retrieval: FakeRetrieval) -> None:
    body = {"filter": {"year": {"lt": 2000}}, "ids": None}
    headers = {"Idempotency-Key": "k"}
    response = await api.http.post(f"{DOCUMENTS}/delete", json=body, headers=headers)
    assert response.json()["count"] == 1
    (_, name, condition, key) = retrieval.calls[0]
    assert (name, condition) == ("articles", body["filter"])
    assert key.key == "k"
    assert key.digest == hashlib.sha256(response.request.content).digest()


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "body"),
        ({"ids": None}, "body"),
        ({"ids": ["a"], "filter": {}}, "body"),
        ({"ids": []}, "ids"),
        ({"ids": "a"}, "ids"),
        ({"ids": ["a", 1]}, "ids[1]"),
        ({"ids": ["a", ""]}, "ids[1]"),
        ({"ids": ["a", "b\0"]}, "ids[1]"),
        ({"filter": []}, "filter"),
        ({"ids": ["a"], "confirm": True}, "confirm"),
    ],
)
async def test_what_is_wrong_with_a_removal_is_told(
    api: Api, retrieval: FakeRetrieval, body: Any, path: str
) -> None:
    response = await api.http.post(f"{DOCUMENTS}/delete", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == path
    assert retrieval.calls == []

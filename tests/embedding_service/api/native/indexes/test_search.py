"""POST /api/v1/indexes/{name}/search and /api/v1/similarity/search."""

import base64
import json
from dataclasses import replace
from typing import Any

import httpx
import numpy as np
import pytest

from apis import Api
from embedding_service.api.native.indexes.answers import QueriesAnswer, QueryAnswer
from embedding_service.api.native.indexes.sending import AT_ONCE
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.errors import DimensionMismatch
from embedding_service.retrieval.requests import Answer, Hit, Search
from embedding_service.settings import Settings
from fake_retrieval import HIT, FakeRetrieval

DEFAULT = "/api/v1/similarity/search"
SEARCH = "/api/v1/indexes/articles/search"
BOTH = pytest.mark.parametrize("route", [DEFAULT, SEARCH])
FOUND = {
    "results": [{"id": "a/1", "score": 0.7, "text": "one", "metadata": {"year": 2024}}],
    "count": 1,
    "exact": True,
    "version": 7,
    "scanned": 3,
    "cursor": "on",
}


async def search(api: Api, route: str = SEARCH, **body: Any) -> httpx.Response:
    return await api.http.post(route, json=body)


def asked(retrieval: FakeRetrieval) -> Search:
    (_, _, search) = retrieval.calls[0]
    assert isinstance(search, Search)
    return search


async def test_the_second_example_is_answered(api: Api, retrieval: FakeRetrieval) -> None:
    response = await search(api, DEFAULT, query_text="a question", top_k=5, threshold=0.7)
    assert (response.status_code, response.json()) == (200, FOUND)
    QueryAnswer.model_validate_json(response.content)
    wanted = Search(texts=["a question"], top_k=5, threshold=0.7)
    assert retrieval.calls == [("search", "default", wanted)]


async def test_every_field_arrives(api: Api, retrieval: FakeRetrieval) -> None:
    condition = {"and": [{"year": {"gte": 2000}}]}
    await search(
        api,
        query_text="q",
        top_k=1000,
        threshold=-1,
        filter=condition,
        include=["vector", "text", "vector"],
        exact=True,
        min_version=9,
        cursor="c",
    )
    assert asked(retrieval) == Search(
        texts=["q"],
        top_k=1000,
        threshold=-1.0,
        filter=condition,
        include=frozenset({"text", "vector"}),
        is_exact=True,
        min_version=9,
        cursor="c",
    )


async def test_several_texts_are_answered_one_by_one(api: Api, retrieval: FakeRetrieval) -> None:
    response = await search(api, query_texts=["a", "b"])
    QueriesAnswer.model_validate_json(response.content)
    assert response.json() == {"searches": [FOUND, FOUND]}
    assert asked(retrieval).texts == ["a", "b"]


async def test_a_list_of_one_is_answered_with_a_list(api: Api, retrieval: FakeRetrieval) -> None:
    assert (await search(api, query_texts=["a"])).json() == {"searches": [FOUND]}
    assert (await search(api, vectors=[[1, 2]])).json() == {"searches": [FOUND]}


async def test_a_vector_is_a_query(api: Api, retrieval: FakeRetrieval) -> None:
    assert (await search(api, vector=[1, 2.5])).json() == FOUND
    matrix = asked(retrieval).matrix
    assert matrix is not None
    assert matrix.dtype == np.float32
    assert matrix.tolist() == [[1.0, 2.5]]


async def test_vectors_may_be_numbers_or_base64(api: Api, retrieval: FakeRetrieval) -> None:
    encoded = base64.b64encode(np.array([3, 4], dtype="<f4").tobytes()).decode()
    await search(api, vectors=[[1, 2], encoded])
    matrix = asked(retrieval).matrix
    assert matrix is not None
    assert matrix.flags.c_contiguous
    assert matrix.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    ("include", "fields"),
    [
        ([], {"id", "score"}),
        (["text"], {"id", "score", "text"}),
        (["metadata"], {"id", "score", "metadata"}),
        (["vector"], {"id", "score", "vector"}),
    ],
)
async def test_a_result_has_what_was_asked_for(
    api: Api, retrieval: FakeRetrieval, include: list[str], fields: set[str]
) -> None:
    (result,) = (await search(api, query_text="q", include=include)).json()["results"]
    assert set(result) == fields
    assert result.get("vector", [0.1, -2.5]) == [0.1, -2.5]


async def test_what_a_document_does_not_have_is_null(api: Api, retrieval: FakeRetrieval) -> None:
    retrieval.answer = replace(retrieval.answer, hits=[Hit("a", 1.0, None, None, None)])
    response = await search(api, query_text="q", include=["text", "metadata", "vector"])
    (result,) = response.json()["results"]
    assert result == {"id": "a", "score": 1.0, "text": None, "metadata": None, "vector": None}


@pytest.mark.parametrize("score", [0.1, 1 / 3, -0.0, 12345678.9, 1e-12])
async def test_scores_are_written_with_the_fewest_digits(
    api: Api, retrieval: FakeRetrieval, score: float
) -> None:
    exact = np.float32(score)
    retrieval.answer = replace(retrieval.answer, hits=[replace(HIT, score=float(exact))])
    told = (await search(api, query_text="q")).json()["results"][0]["score"]
    assert np.float32(told) == exact
    assert str(told) == str(float(str(exact)))


async def test_nothing_found_is_an_answer(api: Api, retrieval: FakeRetrieval) -> None:
    retrieval.answer = Answer((), 0, is_exact=True, scanned=0, cursor=None)
    response = await search(api, DEFAULT, query_text="q")
    assert response.json() == {
        "results": [],
        "count": 0,
        "exact": True,
        "version": 0,
        "scanned": 0,
        "cursor": None,
    }


@pytest.mark.parametrize("is_single", [True, False])
async def test_a_large_answer_is_the_same_in_pieces(
    api: Api, retrieval: FakeRetrieval, is_single: bool
) -> None:
    hit = replace(HIT, text="x" * (AT_ONCE // 3))
    retrieval.answer = replace(retrieval.answer, hits=[hit] * 4)
    query: dict[str, Any] = {"query_text": "q"} if is_single else {"query_texts": ["a", "b"]}
    response = await search(api, **query)
    assert "content-length" not in response.headers
    answers = [response.json()] if is_single else response.json()["searches"]
    assert [answer["count"] for answer in answers] == [4] * len(answers)
    for answer in answers:
        assert [result["text"] for result in answer["results"]] == [hit.text] * 4


@BOTH
@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "body", "give one of query_text, query_texts, vector, vectors"),
        ({"query_text": None}, "body", "give one of"),
        ({"query_text": "a", "vector": [1]}, "body", "no second"),
        ({"query_texts": ["a"], "vectors": [[1]]}, "body", "no second"),
        ({"query_text": ""}, "query_text", "is empty or blank"),
        ({"query_text": "a\0"}, "query_text", "NUL"),
        ({"query_text": ["a"]}, "query_text", "string"),
        ({"query_texts": "a"}, "query_texts", "array"),
        ({"query_texts": []}, "query_texts", "at least 1 item"),
        ({"query_texts": ["a", " "]}, "query_texts[1]", "is empty or blank"),
        ({"query_texts": ["a", 1]}, "query_texts[1]", "string"),
        ({"vector": []}, "vector", "at least 1 item"),
        ({"vector": [[1]]}, "vector[0]", "number"),
        ({"vectors": []}, "vectors", "at least 1 item"),
        ({"vectors": [1, 2]}, "vectors[0]", "list of numbers or a base64 string"),
        ({"vectors": [[1, 2], [1]]}, "vectors[1]", "has 1 numbers, the first has 2"),
        ({"vectors": [[1, 2], ["1", 2]]}, "vectors[1][0]", "number"),
        ({"query_text": "a", "top_k": 0}, "top_k", "greater than or equal to 1"),
        ({"query_text": "a", "top_k": 1001}, "top_k", "MAX_TOP_K"),
        ({"query_text": "a", "top_k": 2**70}, "top_k", "MAX_TOP_K"),
        ({"query_text": "a", "top_k": 1.5}, "top_k", "integer"),
        ({"query_text": "a", "threshold": "1"}, "threshold", "number"),
        ({"query_text": "a", "filter": []}, "filter", "object"),
        ({"query_text": "a", "include": ["score"]}, "include[0]", "'text', 'metadata' or"),
        ({"query_text": "a", "include": "text"}, "include", "array"),
        ({"query_text": "a", "exact": 1}, "exact", "boolean"),
        ({"query_text": "a", "min_version": -1}, "min_version", "greater than or equal to 0"),
        ({"query_text": "a", "min_version": 2**63}, "min_version", "less than or equal to"),
        ({"query_text": "a", "cursor": ""}, "cursor", "at least 1 character"),
        ({"query_texts": ["a"], "cursor": "c"}, "cursor", "goes with one query"),
        ({"query_text": "a", "limit": 3}, "limit", "is no field"),
        ([], "body", "must be a JSON object"),
    ],
)
async def test_what_is_wrong_is_told_with_its_place(
    api: Api, retrieval: FakeRetrieval, body: Any, path: str, message: str, route: str
) -> None:
    response = await api.http.post(route, json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    fault = response.json()["errors"][0]
    assert fault["path"] == path
    assert message in fault["message"]
    assert retrieval.calls == []


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-1e400"])
async def test_a_threshold_is_finite(api: Api, retrieval: FakeRetrieval, number: str) -> None:
    body = f'{{"query_text": "a", "threshold": {number}}}'
    headers = {"Content-Type": "application/json"}
    response = await api.http.post(SEARCH, content=body, headers=headers)
    assert response.json()["errors"][0]["path"] == "threshold"


@pytest.mark.parametrize("query", [{"query_texts": ["a", "b", "c"]}, {"vectors": [[1], [2], [3]]}])
async def test_too_many_queries_are_told_with_the_limit_and_its_setting(
    api: Api, retrieval: FakeRetrieval, query: dict[str, Any]
) -> None:
    settings = Settings(max_queries=2)
    api.app.state.rooms = replace(api.app.state.rooms, settings=settings)
    response = await search(api, **query)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert "MAX_QUERIES" in response.json()["detail"]
    assert retrieval.calls == []


@pytest.mark.parametrize(
    ("query", "issue", "path"),
    [
        ({"query_text": "a"}, Issue("m", 0), "query_text"),
        ({"query_text": "a"}, Issue("m", path="text"), "query_text"),
        ({"query_texts": ["a", "b"]}, Issue("m", 1), "query_texts[1]"),
        ({"vector": [1]}, Issue("m", path="vectors[0]"), "vector"),
        ({"vectors": [[1], [2]]}, Issue("m", path="vectors[1]"), "vectors[1]"),
        ({"vectors": [[1], [2]]}, Issue("m", 1, "vector"), "vectors[1]"),
        ({"vectors": [[1], [2]]}, Issue("m", path="vector"), "vectors"),
        ({"vector": [1]}, Issue("m", path="filter.and[1]"), "filter.and[1]"),
        ({"vector": [1]}, Issue("m", path="threshold"), "threshold"),
    ],
)
async def test_what_the_index_refuses_is_told_in_the_callers_words(
    api: Api, retrieval: FakeRetrieval, query: dict[str, Any], issue: Issue, path: str
) -> None:
    retrieval.failure = InvalidRequest("m", [issue])
    response = await search(api, **query)
    assert response.json()["errors"] == [{"path": path, "message": "m"}]


async def test_a_wrong_dimension_keeps_its_code(api: Api, retrieval: FakeRetrieval) -> None:
    retrieval.failure = DimensionMismatch("articles", 2, 3)
    response = await search(api, vector=[1, 2, 3])
    assert (response.status_code, response.json()["code"]) == (422, "dimension_mismatch")
    assert response.json()["errors"][0]["path"] == "vector"


async def test_a_query_string_is_refused(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.post(f"{SEARCH}?top_k=3", json={"query_text": "a"})
    assert (response.status_code, response.json()["errors"][0]["path"]) == (422, "query")


async def test_metadata_is_told_to_the_letter(api: Api, retrieval: FakeRetrieval) -> None:
    raw = '{"b": 1.10, "a": "é"}'.encode()
    retrieval.answer = replace(retrieval.answer, hits=[replace(HIT, metadata=raw)])
    response = await search(api, query_text="q")
    assert raw in response.content
    assert response.json()["results"][0]["metadata"] == json.loads(raw)

"""/api/v1/indexes."""

from typing import Any

import pytest

from apis import Api
from embedding_service.api.native.indexes.answers import IndexAnswer, IndexesAnswer
from embedding_service.errors import ServiceError
from embedding_service.indexes import errors
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine, FieldType, Metric
from embedding_service.indexes.tuning import Tuning
from embedding_service.retrieval.requests import NewIndex
from fake_retrieval import FACTS, FakeRetrieval

INDEXES = "/api/v1/indexes"


async def test_all_indexes_are_told(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.get(INDEXES)
    IndexesAnswer.model_validate_json(response.content)
    assert [index["name"] for index in response.json()["indexes"]] == ["articles"]


async def test_an_index_is_described(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.get(f"{INDEXES}/articles")
    IndexAnswer.model_validate_json(response.content)
    assert response.json() == {
        "name": "articles",
        "uid": "u1",
        "model": "fake",
        "fingerprint": "f" * 64,
        "dimension": 2,
        "metric": "cosine",
        "engine": "auto",
        "engine_parameters": {"exact_rows": 50_000, "recall": 0.98},
        "fields": {"year": "int"},
        "aliases": ["news"],
        "documents": 3,
        "size_bytes": 100,
        "version": 7,
        "lag": 2,
        "memory_bytes": 200,
        "estimated_memory_bytes": 300,
        "unbuilt": 60,
        "created_at": "2017-07-14T02:40:00Z",
        "damage": None,
        "segments": [{"engine": "flat", "rows": 4, "live": 3, "size_bytes": 64, "recall": None}],
    }
    assert retrieval.calls == [("describe", "articles", None)]


async def test_memory_is_estimated_for_as_many_documents_as_are_asked_for(
    api: Api, retrieval: FakeRetrieval
) -> None:
    response = await api.http.get(f"{INDEXES}/articles?documents=1000000")
    assert response.json()["estimated_memory_bytes"] == FACTS.estimate
    assert retrieval.calls == [("describe", "articles", 1_000_000)]


@pytest.mark.parametrize("documents", ["", "-1", "1e3", "1000000001", "many"])
async def test_a_number_of_documents_that_is_none_is_refused(
    api: Api, retrieval: FakeRetrieval, documents: str
) -> None:
    response = await api.http.get(f"{INDEXES}/articles?documents={documents}")
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == "documents"
    assert retrieval.calls == []


async def test_a_name_alone_creates_an_index(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.post(INDEXES, json={"name": "articles"})
    assert response.status_code == 201
    assert response.headers["location"] == f"{INDEXES}/articles"
    assert response.json()["name"] == FACTS.name
    assert retrieval.calls == [("create", NewIndex(name="articles"))]


async def test_every_field_of_a_new_index_arrives(api: Api, retrieval: FakeRetrieval) -> None:
    body = {
        "name": "a",
        "model": "fake",
        "dimension": 4,
        "metric": "l2",
        "engine": "hnsw",
        "engine_parameters": {"exact_rows": 9_000, "recall": 0.9, "m": 16, "ef_construction": 64},
        "fields": {"year": "int", "topic": "keywords"},
    }
    assert (await api.http.post(INDEXES, json=body)).status_code == 201
    (_, new) = retrieval.calls[0]
    assert (new.model, new.has_model, new.dimension) == ("fake", True, 4)
    assert (new.metric, new.engine) == (Metric.L2, Engine.HNSW)
    assert new.tuning == Tuning(exact_rows=9_000, recall=0.9, m=16, ef_construction=64)
    assert new.fields == {"year": FieldType.INT, "topic": FieldType.KEYWORDS}


async def test_an_index_is_changed_as_a_whole(api: Api, retrieval: FakeRetrieval) -> None:
    body = {"engine": "ivf", "engine_parameters": {"nlist": 64}}
    response = await api.http.patch(f"{INDEXES}/articles", json=body)
    assert response.status_code == 200
    IndexAnswer.model_validate_json(response.content)
    assert retrieval.calls == [("retune", "articles", Blueprint(Engine.IVF, Tuning(nlist=64)))]


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "engine", "is required"),
        ({"engine": "annoy"}, "engine", "'auto'"),
        ({"engine": "ivf", "metric": "l2"}, "metric", "is no field"),
        ({"engine": "ivf", "engine_parameters": {"M": 9}}, "engine_parameters.M", "is no field"),
        (
            {"engine": "flat", "engine_parameters": {"recall": 0.9}},
            "engine_parameters.recall",
            "is of engine auto, hnsw, ivf, not of flat; leave it out",
        ),
        (
            {"engine": "hnsw", "engine_parameters": {"m": 64, "ef_construction": 100}},
            "engine_parameters.ef_construction",
            "use at least 128",
        ),
        (
            {"engine": "auto", "engine_parameters": {"exact_rows": 10}},
            "engine_parameters.exact_rows",
            "greater than or equal to 1000",
        ),
    ],
)
async def test_what_is_wrong_with_a_change_is_told(
    api: Api, retrieval: FakeRetrieval, body: Any, path: str, message: str
) -> None:
    response = await api.http.patch(f"{INDEXES}/articles", json=body)
    assert response.status_code == 422
    fault = response.json()["errors"][0]
    assert fault["path"] == path
    assert message in fault["message"]
    assert retrieval.calls == []


async def test_no_model_is_another_thing_than_none_named(
    api: Api, retrieval: FakeRetrieval
) -> None:
    await api.http.post(INDEXES, json={"name": "a", "model": None, "dimension": 4})
    assert retrieval.calls == [("create", NewIndex(name="a", has_model=False, dimension=4))]


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "name", "is required"),
        ({"name": ""}, "name", "DNS-1123"),
        ({"name": "Upper"}, "name", "DNS-1123"),
        ({"name": "-a"}, "name", "DNS-1123"),
        ({"name": "a\n"}, "name", "DNS-1123"),
        ({"name": "a" * 64}, "name", "DNS-1123"),
        ({"name": 1}, "name", "string"),
        ({"name": "a", "model": None}, "dimension", "is required where `model` is null"),
        ({"name": "a", "model": "m" * 201}, "model", "at most 200"),
        ({"name": "a", "dimension": 0}, "dimension", "greater than or equal to 1"),
        ({"name": "a", "dimension": 2**16 + 1}, "dimension", "less than or equal to"),
        ({"name": "a", "dimension": 1.5}, "dimension", "integer"),
        ({"name": "a", "metric": "euclid"}, "metric", "'cosine', 'dot' or 'l2'"),
        ({"name": "a", "engine": "annoy"}, "engine", "'auto'"),
        ({"name": "a", "fields": {"year": "date"}}, "fields.year", "'keyword'"),
        ({"name": "a", "fields": {"and": "int"}}, "fields", "a filter could not say"),
        ({"name": "a", "fields": {"a b": "int"}}, "fields", "a filter could not say"),
        ({"name": "a", "fields": {f"f{i}": "int" for i in range(65)}}, "fields", "more than 64"),
        ({"name": "a", "size": 3}, "size", "is no field"),
        ([], "body", "must be a JSON object"),
    ],
)
async def test_what_is_wrong_with_a_new_index_is_told(
    api: Api, retrieval: FakeRetrieval, body: Any, path: str, message: str
) -> None:
    response = await api.http.post(INDEXES, json=body)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    fault = response.json()["errors"][0]
    assert fault["path"] == path
    assert message in fault["message"]
    assert retrieval.calls == []


@pytest.mark.parametrize(("query", "told"), [("?confirm=articles", "articles"), ("", None)])
async def test_an_index_is_dropped_by_its_name(
    api: Api, retrieval: FakeRetrieval, query: str, told: str | None
) -> None:
    response = await api.http.delete(f"{INDEXES}/articles{query}")
    assert (response.status_code, response.content) == (204, b"")
    assert retrieval.calls == [("drop", "articles", told)]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.DimensionMismatch("a", 2, 3), 422),
        (errors.BadFilter("filter.and[1]", "is no condition"), 422),
        (errors.KeyReused(), 422),
        (errors.NotConfirmed("a"), 422),
        (errors.NotFound("index", "a"), 404),
        (errors.Conflict("taken"), 409),
        (errors.ModelMismatch("a", "f1", "f2"), 409),
        (errors.RecordUnavailable("away"), 503),
        (errors.VersionNotReached("a", 9, 7), 503),
        (errors.OutOfSpace("full"), 507),
        (errors.IndexDamaged("a", "row 3"), 503),
    ],
    ids=lambda it: type(it).__name__,
)
async def test_every_error_of_indexes_has_its_status(
    api: Api, retrieval: FakeRetrieval, error: ServiceError, status: int
) -> None:
    retrieval.failure = error
    response = await api.http.delete(f"{INDEXES}/a?confirm=a")
    assert response.status_code == response.json()["status"] == status
    assert (response.json()["code"], response.json()["detail"]) == (error.code, error.message)
    may_come_back = isinstance(error, errors.RecordUnavailable | errors.VersionNotReached)
    assert ("retry-after" in response.headers) == may_come_back


@pytest.mark.parametrize(
    ("method", "path", "fault"),
    [
        ("GET", "/Articles", "name"),
        ("GET", "/a%0A", "name"),
        ("DELETE", f"/{'a' * 64}", "name"),
        ("GET", "?page=2", "query"),
        ("DELETE", "/a?confirm=a&force=1", "query"),
        ("DELETE", "/a?confirm=a&confirm=b", "confirm"),
    ],
)
async def test_a_wrong_path_or_query_is_refused(
    api: Api, retrieval: FakeRetrieval, method: str, path: str, fault: str
) -> None:
    response = await api.http.request(method, INDEXES + path)
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == fault
    assert retrieval.calls == []

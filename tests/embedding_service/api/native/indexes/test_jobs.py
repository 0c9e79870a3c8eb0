"""/api/v1/indexes/{name}/jobs over real indexes: started, told, refused."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from apis import Api
from embedding_service.indexes.records.record import JobState
from embedding_service.jobs.requests import JobFacts, describe
from embedding_service.retrieval.requests import Addition, NewDocument, NewIndex
from retrievals import OpenIndexes, open_indexes

ARTICLES = "/api/v1/indexes/articles"


@pytest.fixture
async def opened(api: Api, tmp_path: Path) -> AsyncIterator[OpenIndexes]:
    """Indexes behind `api`: one, with two documents."""
    async with open_indexes(tmp_path) as indexes:
        rooms = replace(api.app.state.rooms, retrieval=indexes.retrieval, jobs=indexes.jobs)
        api.app.state.rooms = rooms
        await indexes.retrieval.create(NewIndex(name="articles"))
        documents = [NewDocument(each, f"text {each}", None, None) for each in ("a", "b")]
        await indexes.retrieval.add("articles", Addition(documents=documents))
        yield indexes


async def end_of(opened: OpenIndexes, answer: dict[str, Any]) -> JobFacts:
    row = opened.record.job(answer["id"])
    return await opened.end_of(describe(row, "articles"))


@pytest.mark.parametrize("body", [{}, {"json": {}}])
async def test_a_compaction_is_started_and_told_where_to_ask(
    api: Api, opened: OpenIndexes, body: dict[str, Any]
) -> None:
    response = await api.http.post(f"{ARTICLES}/compact", **body)
    answer = response.json()
    assert response.status_code == 202
    assert response.headers["location"] == f"{ARTICLES}/jobs/{answer['id']}"
    assert answer.keys() == {
        "id", "index", "kind", "state", "progress", "phase", "error", "detail", "created_at",
        "updated_at",
    }  # fmt: skip
    assert (answer["index"], answer["kind"], answer["state"]) == ("articles", "compact", "queued")
    assert (answer["progress"], answer["phase"], answer["error"]) == (0.0, None, None)
    assert answer["created_at"].endswith("Z")
    await end_of(opened, answer)
    now = await api.http.get(response.headers["location"])
    assert now.status_code == 200
    assert now.json() | {"updated_at": ""} == {
        **answer,
        "state": "succeeded",
        "progress": 1.0,
        "phase": "done",
        "detail": {"compacted": False, "purged": 0, "segments": 0},
        "updated_at": "",
    }


async def test_an_index_is_embedded_anew_and_an_alias_switched(
    api: Api, opened: OpenIndexes
) -> None:
    body = {"into": "articles-2", "dimension": 4, "engine": "flat"}
    response = await api.http.post(f"{ARTICLES}/reindex", json=body)
    assert response.status_code == 202
    assert response.json()["detail"] == {"into": "articles-2", "model": "fake"}
    ended = await end_of(opened, response.json())
    assert ended.state is JobState.SUCCEEDED
    new = (await api.http.get("/api/v1/indexes/articles-2")).json()
    assert (new["documents"], new["dimension"], new["engine"]) == (2, 4, "flat")
    await api.http.put("/api/v1/aliases/live", json={"index": "articles-2"})
    search = await api.http.post("/api/v1/indexes/live/search", json={"query_text": "text a"})
    assert search.json()["count"] == 2


async def test_a_failure_is_told_in_the_job(api: Api, opened: OpenIndexes) -> None:
    await api.http.post(
        f"{ARTICLES}/documents", json={"documents": [{"id": "c", "vector": [1.0] * 8}]}
    )
    response = await api.http.post(f"{ARTICLES}/reindex", json={"into": "articles-2"})
    assert response.status_code == 202
    await end_of(opened, response.json())
    job = (await api.http.get(response.headers["location"])).json()
    assert (job["state"], job["phase"]) == ("failed", "checking")
    assert job["error"].startswith("1 of 3 documents have no text")


async def test_all_jobs_of_an_index_are_listed(api: Api, opened: OpenIndexes) -> None:
    ids: list[str] = []
    for _ in range(2):
        response = await api.http.post(f"{ARTICLES}/compact")
        ids.insert(0, response.json()["id"])
        await end_of(opened, response.json())
    listed = await api.http.get(f"{ARTICLES}/jobs")
    assert [job["id"] for job in listed.json()["jobs"]] == ids


@pytest.mark.parametrize(
    ("route", "body", "status", "path"),
    [
        ("compact", {"fast": True}, 422, "fast"),
        ("compact", [], 422, "body"),
        ("compact?now=1", {}, 422, "query"),
        ("reindex", {}, 422, "into"),
        ("reindex", {"into": None}, 422, "into"),
        ("reindex", {"into": "Articles"}, 422, "into"),
        ("reindex", {"into": "articles-2", "dimension": 0}, 422, "dimension"),
        ("reindex", {"into": "articles-2", "dimension": 9}, 422, "dimension"),
        ("reindex", {"into": "articles-2", "engine": "fast"}, 422, "engine"),
        ("reindex", {"into": "articles-2", "metric": "l2"}, 422, "metric"),
        ("reindex", {"into": "articles"}, 409, None),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_started(
    api: Api, opened: OpenIndexes, route: str, body: Any, status: int, path: str | None
) -> None:
    response = await api.http.post(f"{ARTICLES}/{route}", json=body)
    assert response.status_code == status
    assert [each["path"] for each in response.json()["errors"]] == ([] if path is None else [path])
    assert await opened.jobs.jobs("articles") == []


async def test_a_body_that_is_none_is_refused(api: Api, opened: OpenIndexes) -> None:
    broken = await api.http.post(
        f"{ARTICLES}/compact", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert broken.status_code == 400
    assert (await api.http.post(f"{ARTICLES}/compact", content=b"x")).status_code == 415
    assert (await api.http.post(f"{ARTICLES}/reindex")).status_code == 415


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/v1/indexes/unknown/compact"),
        ("GET", "/api/v1/indexes/unknown/jobs"),
        ("GET", "/api/v1/indexes/unknown/jobs/1"),
        ("GET", f"{ARTICLES}/jobs/unknown"),
    ],
)
async def test_what_is_not_there_is_not_found(
    api: Api, opened: OpenIndexes, method: str, path: str
) -> None:
    response = await api.http.request(method, path)
    assert (response.status_code, response.json()["code"]) == (404, "not_found")


async def test_a_server_without_indexes_has_no_jobs(api: Api) -> None:
    for method, path in (("GET", f"{ARTICLES}/jobs"), ("POST", f"{ARTICLES}/compact")):
        response = await api.http.request(method, path)
        assert (response.status_code, response.json()["code"]) == (404, "indexes_elsewhere")

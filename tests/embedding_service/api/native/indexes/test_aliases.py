"""/api/v1/aliases."""

from typing import Any

import pytest

from apis import Api
from fake_retrieval import FakeRetrieval

ALIASES = "/api/v1/aliases"


async def test_all_aliases_are_told(api: Api, retrieval: FakeRetrieval) -> None:
    assert (await api.http.get(ALIASES)).json() == {"aliases": {"news": "articles"}}


async def test_an_alias_is_pointed_at_an_index(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.put(f"{ALIASES}/news", json={"index": "articles"})
    assert (response.status_code, response.json()) == (200, {"alias": "news", "index": "articles"})
    assert retrieval.calls == [("point", "news", "articles")]


async def test_an_alias_is_taken_away(api: Api, retrieval: FakeRetrieval) -> None:
    assert (await api.http.delete(f"{ALIASES}/news")).status_code == 204
    assert retrieval.calls == [("unpoint", "news")]


@pytest.mark.parametrize(
    ("alias", "body", "path"),
    [
        ("News", {"index": "a"}, "alias"),
        ("news", {"index": "A"}, "index"),
        ("news", {}, "index"),
        ("news", {"index": None}, "index"),
        ("news", {"index": "a", "weight": 1}, "weight"),
    ],
)
async def test_what_is_wrong_with_an_alias_is_told(
    api: Api, retrieval: FakeRetrieval, alias: str, body: Any, path: str
) -> None:
    response = await api.http.put(f"{ALIASES}/{alias}", json=body)
    assert response.status_code == 422
    assert response.json()["errors"][0]["path"] == path
    assert retrieval.calls == []

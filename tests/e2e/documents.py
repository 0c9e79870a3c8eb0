"""Documents that tests on a cluster add, and a question that one of them answers."""

from collections.abc import Mapping
from typing import Any

import httpx

TEXTS: Mapping[str, str] = {
    "cat": "A cat sleeps on the sofa",
    "stocks": "Shares fell sharply on Monday",
}
QUESTION = "Where is the kitten?"


def add(http: httpx.Client, index: str, texts: Mapping[str, str]) -> int:
    """Add documents; returns the version at which they are in."""
    documents = [{"id": key, "text": text} for key, text in texts.items()]
    answer = http.post(f"/api/v1/indexes/{index}/documents", json={"documents": documents})
    assert answer.status_code == httpx.codes.OK, answer.text
    version: int = answer.json()["version"]
    return version


def list_ids(http: httpx.Client, index: str) -> set[str]:
    """Of all documents; no id is told twice."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        answer = http.get(f"/api/v1/indexes/{index}/documents", params={"limit": "1000", **cursor})
        assert answer.status_code == httpx.codes.OK, answer.text
        page = answer.json()
        found += [each["id"] for each in page["documents"]]
        if page["cursor"] is None:
            break
        cursor = {"cursor": page["cursor"]}
    assert len(set(found)) == len(found)
    return set(found)


def find(http: httpx.Client, index: str, **query: object) -> str:
    """The id of the document nearest to QUESTION."""
    asked = {"query_text": QUESTION, "top_k": 1, **query}
    answer = http.post(f"/api/v1/indexes/{index}/search", json=asked)
    assert answer.status_code == httpx.codes.OK, answer.text
    (nearest,) = answer.json()["results"]
    identity: str = nearest["id"]
    return identity


def rank(http: httpx.Client, index: str, **query: object) -> list[tuple[str, float]]:
    """Ids and scores of all that a search finds, best first; QUESTION is what else is asked."""
    asked: dict[str, Any] = {"top_k": 10, **(query or {"query_text": QUESTION})}
    answer = http.post(f"/api/v1/indexes/{index}/search", json=asked)
    assert answer.status_code == httpx.codes.OK, answer.text
    return [(each["id"], round(each["score"], 6)) for each in answer.json()["results"]]

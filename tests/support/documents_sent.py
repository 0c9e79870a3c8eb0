"""Documents sent to the routes that add them, and what became of them."""

from dataclasses import replace
from typing import Any

import httpx
import pytest

from apis import Api
from embedding_service.retrieval.requests import Addition
from embedding_service.settings import Settings
from fake_retrieval import FakeRetrieval

DEFAULT = "/api/v1/index/add"

ADD = "/api/v1/indexes/articles/documents"

JSON = {"Content-Type": "application/json"}

BOTH = pytest.mark.parametrize("route", [DEFAULT, ADD])


def addition_of(retrieval: FakeRetrieval) -> Addition:
    (_, _, addition) = retrieval.calls[0]
    assert isinstance(addition, Addition)
    return addition


def faults(response: httpx.Response) -> list[tuple[str, str]]:
    return [(fault["path"], fault["message"]) for fault in response.json()["errors"]]


async def add(api: Api, *documents: Any, route: str = ADD, **fields: Any) -> httpx.Response:
    return await api.http.post(route, json={"documents": documents, **fields})


def limit(api: Api, **settings: Any) -> None:
    api.app.state.rooms = replace(api.app.state.rooms, settings=Settings(**settings))

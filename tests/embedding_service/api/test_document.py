"""/openapi.json and /docs."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from apis import Api, OpenApi, give_indexes
from embedding_service.api.document import build_document, render_document

_PARAMETER = re.compile(r"\{\w+\}")
CHECKED_IN = Path(__file__).parents[3] / "docs" / "openapi.json"


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


async def test_it_is_the_checked_in_file_whatever_the_settings(open_api: OpenApi) -> None:
    for settings in ({}, {"metrics_enabled": False}):
        response = await open_api(**settings).http.get("/openapi.json")
        assert response.content == CHECKED_IN.read_bytes(), "run `make generate`"


def test_every_reference_leads_somewhere() -> None:
    document = build_document()
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    used = set(references(document))
    assert used <= schemas
    assert schemas <= used, "schemas that nothing uses"


async def test_every_documented_operation_is_served(api: Api) -> None:
    give_indexes(api)
    for path, operations in build_document()["paths"].items():
        for method in operations:
            response = await api.http.request(method.upper(), _PARAMETER.sub("fake", path))
            # Without a body, or without the confirmation that a removal wants.
            assert response.status_code in {200, 202, 204, 415, 422}, f"{method} {path}"


def test_every_operation_has_a_name_of_its_own() -> None:
    ids = re.findall(r'"operationId": "([^"]+)"', render_document())
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("path", ["/api/v1/embeddings/generate", "/v1/embeddings", "/embed"])
def test_requests_are_described_although_they_are_read_by_hand(path: str) -> None:
    operation = build_document()["paths"][path]["post"]
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["$ref"].startswith("#/components/schemas/")
    assert {"200", "413", "429", "503"} <= set(operation["responses"])


def test_openai_is_not_said_to_answer_422() -> None:
    paths = build_document()["paths"]
    assert "422" not in paths["/v1/embeddings"]["post"]["responses"]


def test_it_is_json_as_it_stands() -> None:
    assert json.loads(render_document()) == build_document()


async def test_the_page_asks_nobody_else(api: Api) -> None:
    response = await api.http.get("/docs")
    assert response.headers["content-type"].startswith("text/html")
    assert "//" not in re.sub(r"//\s.*|https?://localhost\S*", "", response.text)
    for address in re.findall(r'(?:src|href)="([^"]+)"', response.text):
        assert (await api.http.get(f"/{address}")).status_code == 200, address


async def test_the_page_finds_the_document_beside_it(api: Api) -> None:
    assert "url: 'openapi.json'" in (await api.http.get("/docs")).text

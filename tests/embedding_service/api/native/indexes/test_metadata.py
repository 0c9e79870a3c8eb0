"""Metadata of documents: any JSON, within bounds."""

from typing import Any

import pytest

from apis import Api
from documents_sent import ADD, JSON, add, addition_of, faults, limit
from fake_retrieval import FakeRetrieval


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
async def test_metadata_holds_no_number_that_json_does_not_have(
    api: Api, retrieval: FakeRetrieval, number: str
) -> None:
    body = f'{{"documents": [{{"text": "a", "metadata": {{"a": [{number}]}}}}]}}'
    response = await api.http.post(ADD, content=body, headers=JSON)
    assert response.status_code == 422
    assert "NaN or infinity" in faults(response)[0][1]


@pytest.mark.parametrize(("levels", "status"), [(16, 200), (17, 422), (100, 422)])
async def test_metadata_is_nested_sixteen_levels_deep_at_most(
    api: Api, retrieval: FakeRetrieval, levels: int, status: int
) -> None:
    metadata: Any = 1
    for level in range(levels):
        metadata = {"a": metadata} if level == levels - 1 or level % 2 else [metadata]
    response = await add(api, {"text": "a", "metadata": metadata})
    assert response.status_code == status


async def test_many_flat_fields_are_not_deep(api: Api, retrieval: FakeRetrieval) -> None:
    metadata: dict[str, Any] = {f"f{i}": [None, "\\u0000", 1.5, {}] for i in range(50)}
    assert (await add(api, {"text": "a", "metadata": metadata})).status_code == 200
    assert addition_of(retrieval).documents[0].metadata == metadata


async def test_a_lone_surrogate_is_told_with_its_place(api: Api, retrieval: FakeRetrieval) -> None:
    body = rb'{"documents": [{"text": "a", "metadata": {"b": "\ud800"}}]}'
    response = await api.http.post(ADD, content=body, headers=JSON)
    assert faults(response)[0][0] == "documents[0].metadata.b"
    assert "lone surrogate" in faults(response)[0][1]


async def test_the_size_of_metadata_is_a_setting(api: Api, retrieval: FakeRetrieval) -> None:
    limit(api, max_metadata_size=12)
    assert (await add(api, {"text": "a", "metadata": {"a": "1234"}})).status_code == 200
    response = await add(api, {"text": "a", "metadata": {"a": "12345"}})
    assert "MAX_METADATA_SIZE" in faults(response)[0][1]

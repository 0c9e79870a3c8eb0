"""POST /api/v1/index/add and /api/v1/indexes/{name}/documents."""

import logging
from typing import Any

import numpy as np
import pytest

from apis import Api
from documents_sent import ADD, BOTH, DEFAULT, add, addition_of, faults, limit
from embedding_service.api.native.indexes.answers import AddAnswer, AddToDefaultAnswer
from embedding_service.errors import Issue
from embedding_service.retrieval.requests import Added
from fake_retrieval import FakeRetrieval


async def test_a_bare_list_of_texts_is_added_to_the_default_index(
    api: Api, retrieval: FakeRetrieval
) -> None:
    response = await api.http.post(DEFAULT, json=["document 1", "document 2"])
    assert response.status_code == 200
    assert response.json() == {
        "index": "default",
        "ids": ["made-0", "made-1"],
        "count": 2,
        "version": 8,
    }
    AddToDefaultAnswer.model_validate_json(response.content)
    assert retrieval.calls[0][:2] == ("add", "default")
    documents = addition_of(retrieval).documents
    assert [document.text for document in documents] == ["document 1", "document 2"]
    assert {(one.id, one.vector, one.metadata) for one in documents} == {(None, None, None)}


async def test_the_default_index_takes_documents_as_well(
    api: Api, retrieval: FakeRetrieval
) -> None:
    response = await add(api, {"id": "a", "text": "one"}, route=DEFAULT)
    assert response.json()["ids"] == ["a"]
    assert response.json()["index"] == "default"


async def test_other_indexes_take_no_bare_list(api: Api, retrieval: FakeRetrieval) -> None:
    response = await api.http.post(ADD, json=["document 1"])
    assert (response.status_code, faults(response)[0][0]) == (422, "body")


async def test_every_field_of_a_document_arrives(api: Api, retrieval: FakeRetrieval) -> None:
    metadata = {"year": 2024, "tags": ["a", None], "deep": {"er": 1.5}}
    document = {"id": "a/1", "text": "one", "vector": [1, 2.5], "metadata": metadata}
    response = await add(api, document)
    AddAnswer.model_validate_json(response.content)
    assert response.json() == {"ids": ["a/1"], "count": 1, "version": 8}
    (kept,) = addition_of(retrieval).documents
    assert (kept.id, kept.text, kept.metadata) == ("a/1", "one", metadata)
    assert kept.vector is not None
    assert kept.vector.dtype == np.float32
    assert kept.vector.tolist() == [1.0, 2.5]
    assert addition_of(retrieval).is_atomic
    assert addition_of(retrieval).key is None


async def test_null_is_the_same_as_nothing(api: Api, retrieval: FakeRetrieval) -> None:
    await add(api, {"id": None, "text": "one", "vector": None, "metadata": None})
    (kept,) = addition_of(retrieval).documents
    assert (kept.id, kept.text, kept.vector, kept.metadata) == (None, "one", None, None)


@BOTH
@pytest.mark.parametrize(
    ("document", "path", "message"),
    [
        ({}, "documents[1]", "needs a text or a vector"),
        ({"id": "a", "metadata": {}}, "documents[1]", "needs a text or a vector"),
        ({"text": ""}, "documents[1].text", "is empty or blank"),
        ({"text": " \n"}, "documents[1].text", "is empty or blank"),
        ({"text": "a\0"}, "documents[1].text", "NUL"),
        ({"text": 1}, "documents[1].text", "string"),
        ({"text": "a", "id": ""}, "documents[1].id", "is empty"),
        ({"text": "a", "id": "a\0"}, "documents[1].id", "NUL"),
        ({"text": "a", "id": "é" * 257}, "documents[1].id", "longer than 512 bytes"),
        ({"text": "a", "id": 1}, "documents[1].id", "string"),
        ({"text": "a", "metadata": []}, "documents[1].metadata", "an object"),
        ({"text": "a", "metadata": {"a": "\0"}}, "documents[1].metadata", "NUL"),
        ({"text": "a", "metadata": {"\0": 1}}, "documents[1].metadata", "NUL"),
        ({"text": "a", "metadata": {"a": 2**70}}, "documents[1].metadata", "64 bits"),
        ({"text": "a", "metadata": {"a": "b" * 70_000}}, "documents[1].metadata", "65,536"),
        ({"vector": []}, "documents[1].vector", "at least 1 item"),
        ({"vector": [1, "2"]}, "documents[1].vector[1]", "number"),
        ({"vector": [1, True]}, "documents[1].vector[1]", "number"),
        ({"vector": [None]}, "documents[1].vector[0]", "number"),
        ({"vector": [[1]]}, "documents[1].vector[0]", "number"),
        ({"vector": 1}, "documents[1].vector", "list of numbers or a base64 string"),
        ({"vector": {}}, "documents[1].vector", "list of numbers or a base64 string"),
        ({"vector": ""}, "documents[1].vector", "no base64 of float32"),
        ({"vector": "AAAA"}, "documents[1].vector", "no base64 of float32"),
        ({"vector": "not base64"}, "documents[1].vector", "is no base64"),
        ({"vector": "é" * 8}, "documents[1].vector", "is no base64"),
        ({"text": "a", "score": 1}, "documents[1].score", "is no field"),
        ("text", "documents[1]", "must be a JSON object"),
    ],
)
async def test_what_is_wrong_with_a_document_is_told_with_its_place(
    api: Api, retrieval: FakeRetrieval, document: Any, path: str, message: str, route: str
) -> None:
    response = await add(api, {"text": "fine"}, document, route=route)
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    told_path, told_message = faults(response)[0]
    assert told_path == path
    assert message in told_message
    assert retrieval.calls == []


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({}, "documents", "is required"),
        ({"documents": []}, "documents", "at least 1 item"),
        ({"documents": {}}, "documents", "array"),
        ({"documents": [{"text": "a"}], "atomic": 1}, "atomic", "boolean"),
        ({"documents": [{"text": "a"}], "wait": True}, "wait", "is no field"),
        ([], "body", "at least 1 item"),
        (["a", ""], "[1]", "is empty or blank"),
        (["a", 1], "[1]", "string"),
    ],
)
async def test_what_is_wrong_with_the_whole_is_told(
    api: Api, retrieval: FakeRetrieval, body: Any, path: str, message: str
) -> None:
    response = await api.http.post(DEFAULT, json=body)
    assert response.status_code == 422
    assert faults(response)[0][0] == path
    assert message in faults(response)[0][1]
    assert retrieval.calls == []


async def test_every_wrong_document_is_told_a_hundred_at_most(
    api: Api, retrieval: FakeRetrieval
) -> None:
    response = await add(api, {"text": ""}, {"text": "a"}, {})
    assert [path for path, _ in faults(response)] == ["documents[0].text", "documents[2]"]
    assert response.json()["detail"].endswith("(and 1 more); nothing was added")
    response = await add(api, *[{}] * 500)
    assert len(faults(response)) == 100


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"max_texts": 1}, "MAX_TEXTS"), ({"max_text_chars": 3}, "MAX_TEXT_CHARS")],
)
@BOTH
async def test_too_much_is_told_with_the_limit_and_its_setting(
    api: Api, retrieval: FakeRetrieval, settings: dict[str, int], told: str, route: str
) -> None:
    limit(api, **settings)
    response = await add(api, {"text": "abc"}, {"text": "abcd"}, route=route)
    assert (response.status_code, response.json()["code"]) == (413, "too_large")
    assert told in response.json()["detail"]
    assert retrieval.calls == []


async def test_what_is_right_is_added_where_not_all_or_none(
    api: Api, retrieval: FakeRetrieval
) -> None:
    issue = Issue("has 3 dimensions instead of 2", path="documents[1].vector")
    retrieval.added = Added("articles", ["b", None, "e"], 8, [issue])
    response = await add(
        api,
        {"text": ""},
        {"text": "b"},
        {"vector": [1, 2, 3]},
        {"text": "c", "id": ""},
        {"text": "e"},
        atomic=False,
    )
    assert response.status_code == 200
    AddAnswer.model_validate_json(response.content)
    answer = response.json()
    assert (answer["ids"], answer["count"]) == ([None, "b", None, None, "e"], 2)
    assert [fault["path"] for fault in answer["errors"]] == [
        "documents[0].text",
        "documents[2].vector",
        "documents[3].id",
    ]
    assert not addition_of(retrieval).is_atomic
    assert len(addition_of(retrieval).documents) == 3


async def test_faults_told_by_position_are_placed(api: Api, retrieval: FakeRetrieval) -> None:
    retrieval.added = Added("articles", [None], 8, [Issue("is zero", 0, "vector")])
    answer = (await add(api, {"text": ""}, {"vector": [0]}, atomic=False)).json()
    assert answer["errors"][1] == {"path": "documents[1].vector", "message": "is zero"}


async def test_where_not_all_or_none_nothing_may_be_right(
    api: Api, retrieval: FakeRetrieval
) -> None:
    answer = (await add(api, {"text": ""}, {}, atomic=False)).json()
    assert (answer["ids"], answer["count"], answer["version"]) == ([None, None], 0, 8)
    assert [fault["path"] for fault in answer["errors"]] == ["documents[0].text", "documents[1]"]
    assert addition_of(retrieval).documents == []


async def test_documents_never_reach_the_log(
    api: Api, retrieval: FakeRetrieval, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    response = await add(api, {"id": "secret", "text": "", "metadata": {"secret": "secret\0"}})
    assert "secret" not in response.text
    assert "secret" not in caplog.text

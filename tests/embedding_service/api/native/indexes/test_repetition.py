"""A write with an Idempotency-Key can be repeated."""

import hashlib
import json

import pytest

from apis import Api
from documents_sent import ADD, BOTH, JSON, add, addition_of, faults
from embedding_service.retrieval.requests import Added
from fake_retrieval import FakeRetrieval


@BOTH
async def test_a_key_arrives_with_the_digest_of_the_body(
    api: Api, retrieval: FakeRetrieval, route: str
) -> None:
    body = json.dumps({"documents": [{"text": "a"}]}).encode()
    headers = {**JSON, "Idempotency-Key": "write 1"}
    response = await api.http.post(route, content=body, headers=headers)
    key = addition_of(retrieval).key
    assert key is not None
    assert (key.key, key.digest) == ("write 1", hashlib.sha256(body).digest())
    assert "idempotency-replayed" not in response.headers


async def test_a_repetition_says_so_and_tells_the_first_answer(
    api: Api, retrieval: FakeRetrieval
) -> None:
    retrieval.added = Added("articles", ["x", "x"], 3, is_repeated=True)
    response = await add(api, {"text": "a", "id": "x"}, {"text": "b", "id": "x"})
    assert response.headers["idempotency-replayed"] == "true"
    assert response.json() == {"ids": ["x", "x"], "count": 2, "version": 3}


@pytest.mark.parametrize(
    "keys",
    [[b""], [b"k" * 256], [b"\xc3\xa9"], [b"a\tb"], [b"a", b"a"]],
    ids=["empty", "long", "letter", "tab", "twice"],
)
async def test_a_key_that_is_none_is_refused(
    api: Api, retrieval: FakeRetrieval, keys: list[bytes]
) -> None:
    headers = [(b"Content-Type", b"application/json"), *((b"Idempotency-Key", key) for key in keys)]
    response = await api.http.post(ADD, content=b'{"documents": [{"text": "a"}]}', headers=headers)
    assert (response.status_code, faults(response)[0][0]) == (422, "Idempotency-Key")
    assert retrieval.calls == []

"""GET /info."""

import pytest

from apis import Api, OpenApi
from embedding_service.api.tei.payloads import InfoAnswer
from fakes import FINGERPRINT


async def test_it_has_every_field_of_the_original(api: Api) -> None:
    response = await api.http.get("/info")
    InfoAnswer.model_validate_json(response.content, strict=True)
    told = response.json()
    assert set(told) == set(InfoAnswer.model_fields)
    assert (told["model_id"], told["model_sha"]) == ("hashing:8", FINGERPRINT)
    assert (told["served_model_name"], told["max_input_length"]) == ("fake", 64)
    assert told["model_type"] == {"embedding": {"pooling": "mean"}}
    assert (told["max_client_batch_size"], told["version"]) == (10_000, "1.2.3")


async def test_as_many_texts_as_the_queue_takes_may_come_at_once(open_api: OpenApi) -> None:
    told = [
        (await open_api(max_queue_tokens=tokens).http.get("/info")).json() for tokens in (1, 640)
    ]
    assert [facts["max_concurrent_requests"] for facts in told] == [1, 10]


@pytest.mark.parametrize(("given", "told"), [(0, 2_048), (512, 512)])
async def test_the_batch_is_the_one_that_is_used(open_api: OpenApi, given: int, told: int) -> None:
    api = open_api(max_batch_tokens=given)
    assert (await api.http.get("/info")).json()["max_batch_tokens"] == told

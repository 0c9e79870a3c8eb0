"""/tokenize and /decode, over a real tokenizer."""

from typing import Any

import httpx
import pytest

from embedding_service.api.tei import tokens

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def post(http: httpx.AsyncClient, route: str, **body: Any) -> Any:
    response = await http.post(route, json=body)
    assert response.status_code == 200, response.text
    return response.json()


async def test_tokens_have_the_originals_shape(real_http: httpx.AsyncClient) -> None:
    [told] = await post(real_http, "/tokenize", inputs="ab")
    assert set(told[0]) == {"id", "text", "special", "start", "stop"}
    assert told[0]["special"]
    assert (told[0]["start"], told[0]["stop"]) == (None, None)
    plain = [token for token in told if not token["special"]]
    assert "".join(token["text"] for token in plain) == "ab"
    assert (plain[0]["start"], plain[-1]["stop"]) == (0, 2)


async def test_special_tokens_can_be_left_out(real_http: httpx.AsyncClient) -> None:
    told = await post(real_http, "/tokenize", inputs=["a", "b"], add_special_tokens=False)
    assert [token["special"] for text in told for token in text] == [False, False]


async def test_many_texts_are_tokenised_part_by_part(
    real_http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["ab", "cd", "e", "", "fghijkl", "m"]
    whole = [await post(real_http, "/tokenize", inputs=[text or "x"]) for text in texts]
    monkeypatch.setattr(tokens, "_CHARACTERS_AT_ONCE", 3)
    parts = await post(real_http, "/tokenize", inputs=[text or "x" for text in texts])
    assert parts == [told[0] for told in whole]


async def test_a_prompt_that_the_model_lacks_is_refused(real_http: httpx.AsyncClient) -> None:
    body = {"inputs": "a", "prompt_name": "poem"}
    response = await real_http.post("/tokenize", json=body)
    assert (response.status_code, response.json()["error_type"]) == (422, "Validation")
    assert "it has: none" in response.json()["error"]


async def test_token_ids_are_no_texts(real_http: httpx.AsyncClient) -> None:
    response = await real_http.post("/tokenize", json={"inputs": [1, 2]})
    assert response.status_code == 422
    assert "inputs[0]: is no text" in response.json()["error"]


async def test_what_was_tokenised_can_be_decoded(real_http: httpx.AsyncClient) -> None:
    told = await post(real_http, "/tokenize", inputs=["hello", "world"])
    ids = [[token["id"] for token in text] for text in told]
    assert await post(real_http, "/decode", ids=ids) == ["hello", "world"]
    assert await post(real_http, "/decode", ids=ids[0]) == ["hello"]


async def test_special_tokens_can_be_decoded_too(real_http: httpx.AsyncClient) -> None:
    [told] = await post(real_http, "/tokenize", inputs="a")
    ids = [token["id"] for token in told]
    [text] = await post(real_http, "/decode", ids=ids, skip_special_tokens=False)
    assert text.startswith(told[0]["text"])


@pytest.mark.parametrize(
    ("ids", "status", "message"),
    [
        ([], 422, "no token ids given"),
        ([[1], []], 422, "position 1"),
        ([[1], ["a"]], 422, "ids[1]"),
        ([["a"]], 422, "ids[0]: is no list of token ids"),
        (["hello"], 422, "ids[0]: is no token id"),
        ([1, "a"], 422, "ids[1]: is no token id"),
        ("hello", 422, "ids: must be token ids"),
        ({"a": 1}, 422, "ids: must be token ids"),
        (None, 422, "ids: must be token ids"),
        ([[1], [10**30]], 400, "position 1"),
        ([-1], 400, "position 0"),
    ],
)
async def test_ids_that_cannot_be_decoded_are_told(
    real_http: httpx.AsyncClient, ids: Any, status: int, message: str
) -> None:
    response = await real_http.post("/decode", json={"ids": ids})
    assert response.status_code == status
    assert message in response.json()["error"]

"""What may come as a body, on all routes that read one."""

from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from apis import Api, OpenApi
from asgi import Connection
from asgi import body as part_of_body
from native import BATCH, GENERATE

JSON = {"Content-Type": "application/json"}
ROUTES = (GENERATE, BATCH, "/v1/embeddings", "/embed", "/", "/similarity", "/tokenize", "/decode")
FIELDS = {GENERATE: "texts", "/v1/embeddings": "input", "/embed": "inputs"}
DIALECTS = pytest.mark.parametrize(("route", "field"), FIELDS.items())


async def send(api: Api, body: bytes, route: str = GENERATE, **headers: str) -> httpx.Response:
    return await api.http.post(route, content=body, headers={**JSON, **headers})


def told(response: httpx.Response) -> str:
    return response.content.decode()


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "image/json"]
)
async def test_other_content_types_are_told_what_to_send(
    api: Api, route: str, content_type: str
) -> None:
    headers = {"Content-Type": content_type} if content_type else {}
    response = await api.http.post(route, content=b"{}", headers=headers)
    assert response.status_code == 415
    assert "Content-Type: application/json" in told(response)


@pytest.mark.parametrize(
    "content_type",
    ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"',
     "application/vnd.api+json"],
)  # fmt: skip
async def test_json_has_several_names(api: Api, content_type: str) -> None:
    headers = {"Content-Type": content_type}
    response = await api.http.post(GENERATE, content=b'{"texts": "a"}', headers=headers)
    assert response.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Content-Type": "application/json; charset=latin-1"}, {"Content-Encoding": "gzip", **JSON}],
)
async def test_other_encodings_are_refused(api: Api, headers: dict[str, str]) -> None:
    response = await api.http.post(GENERATE, content=b'{"texts": "a"}', headers=headers)
    assert response.status_code == 415


@pytest.mark.parametrize("route", ROUTES)
async def test_a_body_declared_too_large_is_refused_unread(open_api: OpenApi, route: str) -> None:
    api = open_api(max_body_size=1024)
    was_read = False

    async def content() -> AsyncIterator[bytes]:
        nonlocal was_read
        was_read = True
        yield b" "

    headers = {**JSON, "Content-Length": "1025"}
    response = await api.http.post(route, content=content(), headers=headers)
    assert response.status_code == 413
    assert "1,024 bytes" in told(response)
    assert "MAX_BODY_SIZE" in told(response)
    assert not was_read


async def test_a_body_that_grows_too_large_is_refused_on_the_way(open_api: OpenApi) -> None:
    api = open_api(max_body_size=1024)
    taken = 0

    async def content() -> AsyncIterator[bytes]:
        nonlocal taken
        for _ in range(100):
            taken += 1
            yield b" " * 100

    response = await api.http.post(GENERATE, content=content(), headers=JSON)
    assert response.status_code == 413
    assert taken == 11


@pytest.mark.parametrize("route", ROUTES)
async def test_a_body_whose_rest_does_not_come_is_given_up(api: Api, route: str) -> None:
    api.app.state.rooms = replace(api.app.state.rooms, body_patience=0.0)
    stalled = Connection("POST", route, JSON.items())
    stalled.put(part_of_body(b'{"', more=True))
    await stalled.run(api.app)
    assert stalled.status == 408
    assert stalled.headers["connection"] == "close"
    assert "no byte of the body came" in stalled.content.decode()
    assert api.lifecycle.in_flight == 0
    assert api.sample("embedding_refusals_total", reason="body_stalled") == 1


async def test_a_body_of_exactly_the_limit_is_read(open_api: OpenApi) -> None:
    body = b'{"texts": "a"}'.ljust(1024)
    assert (await send(open_api(max_body_size=1024), body)).status_code == 200


async def test_a_length_beyond_all_numbers_is_too_large(api: Api) -> None:
    response = await send(api, b"{}", **{"Content-Length": "9" * 5000})
    assert response.status_code == 413


@DIALECTS
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"%b": "a"} x',
        b'{"%b": "a',
        b'{"%b": "a\x01"}',
        b'{"%b": "\xff"}',
        b'{"%b": ' + b"[" * 100_000,
        b'{"%b": "a", "n": ' + b"9" * 5_000 + b"}",
        b'\xef\xbb\xbf{"%b": "a"}',
    ],
    ids=["nothing", "open", "more", "cut", "control", "latin", "deep", "number", "mark"],
)
async def test_what_is_no_json_is_told_with_its_position(
    api: Api, route: str, field: str, body: bytes
) -> None:
    response = await send(api, body.replace(b"%b", field.encode()), route)
    assert response.status_code == 400
    assert "the body is no JSON" in told(response)
    assert "line 1 column" in told(response)


@DIALECTS
@pytest.mark.parametrize("surrogate", [rb"\ud800", b"\xed\xa0\x80"], ids=["escaped", "raw"])
async def test_a_lone_surrogate_is_told_with_its_place(
    api: Api, route: str, field: str, surrogate: bytes
) -> None:
    body = b'{"%b": ["fine", "a%bb", "%b"]}' % (field.encode(), surrogate, surrogate)
    response = await send(api, body, route)
    assert response.status_code == (400 if route == "/v1/embeddings" else 422)
    assert f"{field}[1]: has a lone surrogate" in told(response)


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (rb'{"texts": "a", "model_name": "\udfff"}', "model_name"),
        (rb'{"texts": "a", "more": {"deep": [1, "\udfff"]}}', "more.deep[1]"),
        (rb'{"texts": "a", "\udfff": 1}', "body"),
        (rb'{"texts": "a", "not a name": "\udfff"}', "(unreadable name)"),
        (rb'["\udfff"]', "[0]"),
        (rb'"\udfff"', "body"),
    ],
)
async def test_a_surrogate_is_found_wherever_it_is(api: Api, body: bytes, path: str) -> None:
    response = await send(api, body)
    assert [fault["path"] for fault in response.json()["errors"]] == [path]


async def test_a_pair_of_surrogates_is_a_letter(api: Api) -> None:
    assert (await send(api, rb'{"texts": "\ud83d\ude00"}')).status_code == 200
    assert list(api.embedder.requests[0].inputs) == ["\N{GRINNING FACE}"]


@pytest.mark.parametrize(
    "number", ["1e400", "-1e400", "NaN", "Infinity", "9" * 4_000, "1" + "0" * 30, "-0", "1.0"]
)
@pytest.mark.parametrize("route", ROUTES)
async def test_odd_numbers_are_no_fault_of_the_server(api: Api, route: str, number: str) -> None:
    names = ("texts", "input", "inputs", "ids", "dimensions", "skip_special_tokens")
    for value in (number, f"[{number}]", f"[[{number}]]"):
        body = ", ".join(f'"{name}": {value}' for name in names)
        assert (await send(api, f"{{{body}}}".encode(), route)).status_code in {400, 422}


async def test_huge_dimensions_reach_the_embedder_as_they_are(api: Api) -> None:
    api.embedder.failure = RuntimeError()
    await send(api, b'{"texts": "a", "dimensions": 1' + b"0" * 30 + b"}")
    assert api.embedder.requests[0].dimensions == 10**30


@given(body=st.binary(max_size=60), route=st.sampled_from(ROUTES[:6]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
async def test_no_bytes_are_too_odd(api: Api, body: bytes, route: str) -> None:
    assert (await send(api, body, route)).status_code in {400, 422}


async def test_thousands_of_faults_are_not_told_one_by_one(api: Api) -> None:
    fields = ", ".join(f'"field{i}": 0' for i in range(2_000))
    response = await send(api, f'{{"texts": "a", {fields}}}'.encode())
    assert response.status_code == 422
    assert response.json()["errors"] == [{"path": "body", "message": "has thousands of faults"}]


async def test_the_surrogates_told_are_a_hundred_at_most(api: Api) -> None:
    texts = b", ".join([rb'"\ud800"'] * 5_000)
    response = await send(api, b'{"texts": [%b]}' % texts)
    assert len(response.json()["errors"]) == 100


@pytest.mark.parametrize("depth", [150, 900, 980, 5_000])
async def test_a_surrogate_in_the_depth_is_no_fault_of_the_server(api: Api, depth: int) -> None:
    response = await send(api, b"[" * depth + rb'"\ud800"' + b"]" * depth)
    assert response.status_code in {400, 422}

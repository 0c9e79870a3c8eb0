"""Keys at the door."""

import asyncio
from pathlib import Path

import httpx
import pytest

from apis import Api, OpenApi
from embedding_service.api.auth import Authenticator
from embedding_service.api.keys import KeyRing, new_key
from native import GENERATE

OPEN = ("/livez", "/readyz", "/startupz", "/health", "/metrics", "/docs", "/openapi.json")
CLOSED = ("/api/v1/models", "/v1/models", "/info", "/unknown", "/v1/unknown")


class Door:
    """An API with keys."""

    def __init__(self, open_api: OpenApi, path: Path) -> None:
        self._open_api, self._path = open_api, path
        self.secrets: dict[str, str] = {}

    def give(self, name: str, bounds: str = "") -> None:
        self.secrets[name], lines = new_key(name)
        with self._path.open("a") as file:
            file.write(f"{lines}{bounds}\n")

    def open(self) -> Api:
        return self._open_api(Authenticator(KeyRing(self._path)))

    def header(self, name: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secrets[name]}"}


@pytest.fixture
def door(open_api: OpenApi, tmp_path: Path) -> Door:
    return Door(open_api, tmp_path / "keys.toml")


async def embed(api: Api, headers: dict[str, str]) -> httpx.Response:
    return await api.http.post(GENERATE, json={"texts": "a"}, headers=headers)


async def test_a_known_key_is_admitted(door: Door) -> None:
    door.give("one")
    door.give("two")
    api = door.open()
    for name in ("one", "two"):
        assert (await embed(api, door.header(name))).status_code == 200


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer  "])
async def test_the_scheme_may_be_written_in_any_way(door: Door, scheme: str) -> None:
    door.give("one")
    headers = {"Authorization": f"{scheme} {door.secrets['one']}"}
    assert (await embed(door.open(), headers)).status_code == 200


@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", "Basic abc", "abc"])
async def test_without_a_key_one_is_asked_for(door: Door, value: str | None) -> None:
    door.give("one")
    headers = {} if value is None else {"Authorization": value}
    response = await embed(door.open(), headers)
    assert (response.status_code, response.json()["code"]) == (401, "unauthorized")
    assert response.headers["www-authenticate"] == 'Bearer realm="gpu-embedding"'


@pytest.mark.parametrize("secret", ["wrong", "gé", "ge-" + "a" * 43])
async def test_an_unknown_key_is_called_so(door: Door, secret: str) -> None:
    door.give("one")
    headers = [(b"authorization", f"Bearer {secret}".encode("latin-1"))]
    response = await embed(door.open(), headers)  # type: ignore[arg-type]  # httpx takes raw ones too
    assert response.status_code == 401
    assert 'error="invalid_token"' in response.headers["www-authenticate"]
    assert secret not in response.text


@pytest.mark.parametrize("path", OPEN)
async def test_probes_metrics_and_documentation_stay_open(door: Door, path: str) -> None:
    door.give("one")
    assert (await door.open().http.get(path)).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
async def test_everything_else_is_closed(door: Door, path: str) -> None:
    door.give("one")
    assert (await door.open().http.get(path)).status_code == 401


async def test_a_refused_body_is_not_read(door: Door) -> None:
    door.give("one")
    response = await door.open().http.post(
        GENERATE, content=b"{", headers={"Content-Type": "application/json"}
    )
    assert response.status_code == 401


async def test_openais_clients_get_openais_error(door: Door) -> None:
    door.give("one")
    response = await door.open().http.post("/v1/embeddings", json={"input": "a"})
    assert (response.status_code, response.json()["error"]["type"]) == (
        401,
        "authentication_error",
    )


async def test_a_key_has_its_rate(door: Door) -> None:
    door.give("slow", "rate = 1")
    door.give("free")
    api = door.open()
    statuses = {(await embed(api, door.header("slow"))).status_code for _ in range(3)}
    assert statuses == {200, 429}
    assert (await embed(api, door.header("free"))).status_code == 200


async def test_a_rate_used_up_says_when_to_come_back(door: Door) -> None:
    door.give("slow", "rate = 1")
    api = door.open()
    responses = [await embed(api, door.header("slow")) for _ in range(3)]
    response = responses[-1]
    assert response.json()["code"] == "rate_limited"
    assert response.headers["retry-after"] == "1"
    assert api.sample("embedding_refusals_total", reason="rate_limited") >= 1


async def test_a_key_has_its_concurrency(door: Door) -> None:
    door.give("narrow", "concurrency = 1")
    api = door.open()
    api.embedder.gate = asyncio.Event()
    first = asyncio.create_task(embed(api, door.header("narrow")))
    await api.embedder.held.wait()
    second = await embed(api, door.header("narrow"))
    assert (second.status_code, second.json()["code"]) == (429, "rate_limited")
    api.embedder.gate.set()
    assert (await first).status_code == 200
    assert (await embed(api, door.header("narrow"))).status_code == 200


async def test_a_failed_request_gives_its_place_back(door: Door) -> None:
    door.give("narrow", "concurrency = 1")
    api = door.open()
    api.embedder.failure = RuntimeError()
    assert (await embed(api, door.header("narrow"))).status_code == 500
    api.embedder.failure = None
    assert (await embed(api, door.header("narrow"))).status_code == 200

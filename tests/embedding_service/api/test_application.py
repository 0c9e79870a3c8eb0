"""The room as a whole."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from apis import Api, OpenApi
from native import GENERATE

ORIGIN = "https://example.org"
PREFLIGHT = {
    "Origin": ORIGIN,
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}


@asynccontextmanager
async def running(app: FastAPI) -> AsyncIterator[int]:
    """A real server; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        config = uvicorn.Config(app, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        task = asyncio.create_task(server.serve(sockets=[listener]))
        yield listener.getsockname()[1]
        server.should_exit = True
        await task


async def test_browsers_of_other_origins_are_refused_by_default(api: Api) -> None:
    assert (await api.http.options(GENERATE, headers=PREFLIGHT)).status_code == 405
    response = await api.http.get("/health", headers={"Origin": ORIGIN})
    assert "access-control-allow-origin" not in response.headers


async def test_browsers_of_listed_origins_may_call_with_a_key(open_api: OpenApi) -> None:
    api = open_api(cors_origins=ORIGIN)
    response = await api.http.options(GENERATE, headers=PREFLIGHT)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "Authorization" in response.headers["access-control-allow-headers"]


async def test_listed_origins_may_read_errors_too(open_api: OpenApi) -> None:
    api = open_api(cors_origins=ORIGIN)
    response = await api.http.post(GENERATE, json={}, headers={"Origin": ORIGIN})
    assert response.status_code == 422
    assert response.headers["access-control-allow-origin"] == ORIGIN
    assert "X-Request-ID" in response.headers["access-control-expose-headers"]


async def test_origins_that_are_not_listed_stay_out(open_api: OpenApi) -> None:
    api = open_api(cors_origins=ORIGIN)
    response = await api.http.get("/health", headers={"Origin": "https://other.example"})
    assert "access-control-allow-origin" not in response.headers


def test_it_has_a_life_and_no_websockets(api: Api) -> None:
    with TestClient(api.app) as client:
        assert client.get("/livez").status_code == 200
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/livez"):
            pass


async def test_a_client_that_hangs_up_stops_its_work(api: Api) -> None:
    api.embedder.gate = asyncio.Event()
    async with running(api.app) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        body = b'{"texts": "a"}'
        head = f"POST {GENERATE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        await api.embedder.held.wait()
        writer.close()
        await api.embedder.cancelled.wait()
        assert await api.lifecycle.wait_idle(30)


@pytest.mark.parametrize("is_chunked", [True, False])
async def test_a_body_too_large_leaves_the_connection_usable(
    open_api: OpenApi, is_chunked: bool
) -> None:
    api = open_api(max_body_size=100_000)

    async def parts() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    content = parts() if is_chunked else b" " * 1_000_000
    headers = {"Content-Type": "application/json"}
    async with running(api.app) as port, httpx.AsyncClient() as http:
        url = f"http://127.0.0.1:{port}{GENERATE}"
        response = await http.post(url, content=content, headers=headers)
        assert (response.status_code, response.json()["code"]) == (413, "too_large")
        assert (await http.post(url, json={"texts": "a"})).status_code == 200


async def test_a_large_answer_arrives_whole_from_a_real_server(api: Api) -> None:
    async with running(api.app) as port, httpx.AsyncClient() as http:
        url = f"http://127.0.0.1:{port}{GENERATE}"
        body = {"texts": ["a"] * 40, "dimensions": 10_000}
        response = await http.post(url, json=body)
    assert [len(row) for row in response.json()["embeddings"]] == [10_000] * 40


async def test_header_values_cannot_be_broken_out_of(api: Api) -> None:
    api.embedder.warnings = ("odd\r\nSet-Cookie: a=b", "é")
    response = await api.http.post(GENERATE, json={"texts": "a"})
    assert "set-cookie" not in response.headers
    assert response.headers["x-embedding-warning"] == "oddSet-Cookie: a=b, "

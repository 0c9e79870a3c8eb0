"""The door."""

import asyncio

import pytest

from apis import Api
from native import GENERATE


async def test_what_is_inside_is_counted(api: Api) -> None:
    api.embedder.gate = asyncio.Event()
    running = asyncio.create_task(api.http.post(GENERATE, json={"texts": "a"}))
    await api.embedder.held.wait()
    assert api.sample("active_requests") == api.lifecycle.in_flight == 1
    assert "\nactive_requests 1.0\n" in (await api.http.get("/metrics")).text
    api.embedder.gate.set()
    await running
    assert api.sample("active_requests") == api.lifecycle.in_flight == 0


@pytest.mark.parametrize("path", [GENERATE, "/v1/embeddings", "/embed", "/unknown"])
async def test_a_draining_server_takes_no_work(api: Api, path: str) -> None:
    api.lifecycle.drain()
    response = await api.http.post(path, json={})
    assert response.status_code == 503
    assert (response.headers["retry-after"], response.headers["connection"]) == ("1", "close")
    assert api.sample("embedding_refusals_total", reason="draining") == 1


@pytest.mark.parametrize("path", ["/livez", "/startupz", "/metrics", "/docs"])
async def test_a_draining_server_still_answers_questions(api: Api, path: str) -> None:
    api.lifecycle.drain()
    assert (await api.http.get(path)).status_code == 200


async def test_a_leaving_server_takes_work_and_ends_the_connection(api: Api) -> None:
    api.lifecycle.leave()
    response = await api.http.post(GENERATE, json={"texts": "a"})
    assert (response.status_code, response.headers["connection"]) == (200, "close")


async def test_what_was_accepted_is_finished_while_draining(api: Api) -> None:
    api.embedder.gate = asyncio.Event()
    running = asyncio.create_task(api.http.post(GENERATE, json={"texts": "a"}))
    await api.embedder.held.wait()
    api.lifecycle.drain()
    waiting = asyncio.create_task(api.lifecycle.wait_idle(60))
    api.embedder.gate.set()
    response = await running
    assert (response.status_code, response.headers["connection"]) == (200, "close")
    assert await waiting

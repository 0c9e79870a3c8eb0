"""Clients that leave."""

import asyncio
from typing import Any

import pytest
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from apis import Api
from asgi import END, Connection, body
from embedding_service.api.exchange import open_exchange
from embedding_service.api.middleware.disconnection import Disconnection
from embedding_service.errors import Unavailable
from native import BATCH, GENERATE

JSON = ("Content-Type", "application/json")
TEXTS = b'{"texts": ["a", "b", "c", "d", "e"]}'


def count(api: Api, route: str, status: str) -> float:
    labels = {"route": route, "method": "POST", "status": status}
    return float(api.sample("http_requests_total", **labels))


async def test_work_ends_when_its_client_leaves(api: Api) -> None:
    api.embedder.gate = asyncio.Event()
    connection = Connection("POST", GENERATE, [JSON])
    running = asyncio.create_task(connection.run(api.app))
    connection.put(body(TEXTS))
    await api.embedder.held.wait()
    connection.put(END)
    await running
    assert api.embedder.cancelled.is_set()
    assert connection.sent == []
    assert count(api, GENERATE, "499") == 1
    assert api.sample("active_requests") == api.lifecycle.in_flight == 0


async def test_a_stream_ends_when_its_client_leaves(api: Api) -> None:
    connection = Connection("POST", BATCH, [JSON, ("Accept", "application/x-ndjson")])
    connection.put(body(TEXTS))
    api.embedder.gate = asyncio.Event()
    api.embedder.gate_after = 1  # of slices
    running = asyncio.create_task(connection.run(api.app))
    await api.embedder.held.wait()
    connection.put(END)
    await running
    assert api.embedder.cancelled.is_set()
    assert connection.content.count(b"\n") == 2
    assert count(api, BATCH, "499") == 1


async def test_leaving_while_sending_is_no_fault(api: Api) -> None:
    connection = Connection("POST", GENERATE, [JSON])
    connection.put(body(TEXTS[:5], more=True))
    connection.put(END)
    await connection.run(api.app)
    assert connection.sent == []
    assert api.embedder.requests == []
    assert count(api, GENERATE, "499") == 1
    assert api.sample("embedding_refusals_total", reason="internal_error") == 0


async def test_a_client_that_leaves_with_its_answer_is_no_loss(api: Api) -> None:
    connection = Connection("POST", GENERATE, [JSON])
    connection.put(body(TEXTS))
    connection.put(END)
    api.embedder.gate = asyncio.Event()
    api.embedder.gate.set()
    await connection.run(api.app)
    # Whichever was first, the request was counted once and nothing is left.
    assert count(api, GENERATE, "200") + count(api, GENERATE, "499") == 1
    assert api.lifecycle.in_flight == 0


async def test_the_servers_own_end_ends_the_work(api: Api) -> None:
    api.embedder.gate = asyncio.Event()
    connection = Connection("POST", GENERATE, [JSON])
    connection.put(body(TEXTS))
    running = asyncio.create_task(connection.run(api.app))
    await api.embedder.held.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert api.embedder.cancelled.is_set()
    assert api.lifecycle.in_flight == 0


async def test_a_body_in_parts_arrives_whole(api: Api) -> None:
    connection = Connection("POST", GENERATE, [JSON])
    for i in range(0, len(TEXTS), 7):
        connection.put(body(TEXTS[i : i + 7], more=True))
    connection.put(body())
    await connection.run(api.app)
    assert connection.status == 200


async def play(app: Any, path: str = "/embed", *incoming: Any) -> Connection:
    connection = Connection("POST", path)
    open_exchange(connection.scope)
    for message in incoming:
        connection.put(message)
    await connection.run(Disconnection(app))
    return connection


async def test_work_that_drops_itself_is_not_taken_for_a_client_that_left() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise asyncio.CancelledError

    with pytest.raises(Unavailable):
        await play(app)


async def test_work_goes_on_after_its_answer_was_sent() -> None:
    is_done = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})
        assert (await receive())["type"] == "http.disconnect"
        is_done.set()

    await play(app, "/embed", body(), END)
    assert is_done.is_set()


async def test_messages_of_no_meaning_are_passed_over() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        await asyncio.Event().wait()

    with pytest.raises(ClientDisconnect):
        await play(app, "/embed", body(), body(), END)


async def test_probes_need_no_listener() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    assert (await play(app, "/livez")).status == 200

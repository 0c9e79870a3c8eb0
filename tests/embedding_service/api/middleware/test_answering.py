"""Exceptions and their answers."""

from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from asgi import Connection
from embedding_service.api.exchange import exchange_of, open_exchange
from embedding_service.api.middleware.answering import Answering, BrokenAnswer


async def play(app: Any) -> Connection:
    connection = Connection("POST", "/embed")
    open_exchange(connection.scope)
    await connection.run(Answering(app))
    return connection


async def test_an_unforeseen_exception_is_answered_and_goes_no_further() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise KeyError("the secret text")

    connection = await play(app)
    assert connection.status == 500
    assert b"secret" not in connection.content
    assert exchange_of(connection.scope).failure is not None


async def test_an_answer_that_has_begun_is_broken_off() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError("the secret text")

    with pytest.raises(BrokenAnswer, match="internal_error") as caught:
        await play(app)
    assert caught.value.__suppress_context__


async def test_other_protocols_pass() -> None:
    passed: list[str] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        passed.append(scope["type"])

    connection = Connection("GET", "/")
    connection.scope["type"] = "lifespan"
    await connection.run(Answering(app))
    assert passed == ["lifespan"]

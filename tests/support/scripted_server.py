"""A server on loopback that answers as a test has written, whatever it is asked."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from aiohttp import web
from aiohttp.test_utils import TestServer

Answer: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
KUBECONFIG = """
current-context: it
contexts: [{name: it, context: {cluster: it, user: it}}]
clusters: [{name: it, cluster: {server: "%s"}}]
users: [{name: it, user: {token: secret}}]
"""
"""With the server's address."""


class Server:
    """Gives one answer after the other, the last one for ever; keeps what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[tuple[web.Request, Any]] = []
        self.is_over = asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self.http = TestServer(app, host="127.0.0.1")

    def say(self, body: Any, status: int = 200, **headers: str) -> None:
        """As the next answer; text goes out as it is."""
        text = body if isinstance(body, str) else json.dumps(body)

        async def answer(_: web.Request) -> web.StreamResponse:
            return web.Response(text=text, status=status, headers=headers)

        self.answers.append(answer)

    async def _take(self, request: web.Request) -> web.StreamResponse:
        content = await request.read()
        self.asked.append((request, json.loads(content) if content else None))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return await answer(request)

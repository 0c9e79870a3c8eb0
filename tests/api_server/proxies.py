"""Between an operator and its API server: passes calls on, unless it is a bad day (faults.py)."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress

import aiohttp
from aiohttp import web

from tests.api_server.faults import Fault
from tests.cluster.api_servers import HOST, ApiServer, free_port

_SILENCE = 0.3
"""Seconds without a line after which what was kept back comes."""
_HOP = frozenset({"Host", "Connection", "Transfer-Encoding", "Content-Length"})


class Proxy:
    """Speaks HTTP on one side and the API server's TLS on the other, in a loop of its own."""

    def __init__(self, server: ApiServer, port: int) -> None:
        self.url = f"http://{HOST}:{port}"
        self.calls = 0
        """That came since the last change of `become`."""
        self._server = server
        self._port = port
        self._fault = Fault()
        self._open: list[web.Request] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    def become(self, fault: Fault) -> None:
        """From now on, also for watches: they are cut, and come again."""
        assert self._loop is not None

        async def change() -> None:
            self._fault, self.calls = fault, 0
            for request in tuple(self._open):
                _abort(request)

        asyncio.run_coroutine_threadsafe(change(), self._loop).result(10)

    def end(self) -> None:
        """Have `run` end."""
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._ended.set)

    async def run(self, begun: threading.Event) -> None:
        """Until it is ended."""
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=1 << 24)
        app.router.add_route("*", "/{path:.*}", self._handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        connector = aiohttp.TCPConnector(ssl=False, limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as session:
            self._session = session
            await runner.setup()
            await web.TCPSite(runner, HOST, self._port).start()
            begun.set()
            await self._ended.wait()
            await runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        fault = self._fault
        self.calls += 1
        if fault.is_away:
            _abort(request)
            return web.Response()
        await asyncio.sleep(fault.delay)
        if (refusal := fault.refuse(request.method, request.path)) is not None:
            status, headers = refusal
            told = {"kind": "Status", "apiVersion": "v1", "code": status, "message": "a bad day"}
            return web.json_response(told, status=status, headers=headers)
        headers = {name: each for name, each in request.headers.items() if name not in _HOP}
        timeout = aiohttp.ClientTimeout(total=None)
        async with self._session.request(
            request.method,
            self._server.url + request.path_qs,
            headers=headers,
            data=await request.read() or None,
            timeout=timeout,
        ) as answer:
            kept = {name: each for name, each in answer.headers.items() if name not in _HOP}
            if "watch" not in request.query:
                content = await answer.read()
                return web.Response(status=answer.status, headers=kept, body=content)
            response = web.StreamResponse(status=answer.status, headers=kept)
            self._open.append(request)
            try:
                async with asyncio.timeout(fault.longest_watch):
                    await response.prepare(request)
                    await _pass_on(answer.content, response, fault)
            except TimeoutError:
                _abort(request)
            except ConnectionError:  # the operator has gone
                pass
            finally:
                self._open.remove(request)
            return response


async def _pass_on(
    content: aiohttp.StreamReader, response: web.StreamResponse, fault: Fault
) -> None:
    lines: asyncio.Queue[bytes | None] = asyncio.Queue()
    kept: list[bytes] = []

    async def read() -> None:
        async for line in _split(content):
            lines.put_nowait(line)
        lines.put_nowait(None)

    reading = asyncio.create_task(read())
    try:
        while True:
            try:
                line = await asyncio.wait_for(lines.get(), _SILENCE)
            except TimeoutError:
                twisted, kept = kept, []
            else:
                if line is None:
                    return
                twisted = list(fault.twist(line, kept))
            for each in twisted:
                await response.write(each)
    finally:
        reading.cancel()
        with suppress(asyncio.CancelledError, aiohttp.ClientError):
            await reading


async def _split(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Lines of any length."""
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line + b"\n"


def _abort(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.abort()


@contextmanager
def running_proxy(server: ApiServer) -> Iterator[Proxy]:
    """One before `server`; it is a good day."""
    proxy, begun = Proxy(server, free_port()), threading.Event()
    thread = threading.Thread(target=asyncio.run, args=(proxy.run(begun),))
    thread.start()
    try:
        assert begun.wait(10), "the proxy does not begin"
        yield proxy
    finally:
        proxy.end()
        thread.join()

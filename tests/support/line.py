"""A telephone line to a server, which can be cut and mended while both ends live on."""

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import Self

import httpx

_CHUNK = 65_536


class Line:
    """Forwards a port of its own to a server's, inside the running event loop."""

    def __init__(self, target: str) -> None:
        self._target = httpx.URL(target)
        self._port = 0
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._connections: set[asyncio.Task[None]] = set()
        self.calls = 0
        """Connections made so far."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def mend(self) -> None:
        """Listen, on the same port every time."""
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """Refuse new connections and break those that are open."""
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        await asyncio.gather(*self._connections)
        await self._server.wait_closed()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cut()

    async def _connect(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self.calls += 1
        connection = asyncio.current_task()
        assert connection is not None
        self._connections.add(connection)
        self._open.add(back)
        far, forth = await asyncio.open_connection(self._target.host, self._target.port)
        self._open.add(forth)
        if back.is_closing():  # cut meanwhile
            forth.transport.abort()
        try:
            await asyncio.gather(_pump(near, forth), _pump(far, back))
        finally:
            self._open -= {back, forth}
            self._connections.discard(connection)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    writer.close()

"""Closed loops (each connection waits for its answer) and open ones (nobody waits)."""

import asyncio
import random
from collections.abc import Callable, Sequence
from time import perf_counter  # uvloop's own clock counts milliseconds
from typing import Final

from benchmarks.serving.generator.client import Broken, Client
from benchmarks.serving.generator.order import Calls, Order

Keep = Callable[[int, bytes], None]

_PATIENCE: Final = 180.0
"""Seconds after which a request counts as lost."""
_PAUSE: Final = 0.1
"""Seconds before another connection takes the place of a broken one."""
_MOST: Final = 4_000
"""Connections of an open loop."""


class Loop:
    """One load over one server."""

    def __init__(self, order: Order, requests: Sequence[bytes], keep: Keep) -> None:
        self.calls = Calls()
        self._order = order
        self._requests = requests
        self._keep = keep
        self._began = 0.0
        self._next = 0

    async def run(self) -> None:
        """Until every request has ended."""
        clients = [await self._connect() for _ in range(self._order.connections)]
        self._began = perf_counter()
        if self._order.rate:
            await self._run_open(clients)
        else:
            await asyncio.gather(*(self._run_closed(client) for client in clients))
        self.calls.elapsed = perf_counter() - self._began

    async def _run_closed(self, client: Client) -> None:
        end = self._began + self._order.seconds
        while (now := perf_counter()) < end:
            client = await self._call(client, now)
        client.close()

    async def _run_open(self, idle: list[Client]) -> None:
        chance = random.Random(self._order.seed)  # noqa: S311  not for secrets
        under_way: set[asyncio.Task[None]] = set()

        async def call(intended: float) -> None:
            self.calls.late = max(self.calls.late, perf_counter() - intended)
            client = idle.pop() if idle else await self._connect()
            idle.append(await self._call(client, intended))

        intended, end = self._began, self._began + self._order.seconds
        while (intended := intended + chance.expovariate(self._order.rate)) < end:
            if (pause := intended - perf_counter()) > 0:
                await asyncio.sleep(pause)
            if len(under_way) >= _MOST:
                self._note(self._take(), intended, intended, 0)
                continue
            task = asyncio.create_task(call(intended))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
        await asyncio.gather(*under_way)
        for client in idle:
            client.close()

    async def _call(self, client: Client, started: float) -> Client:
        """Send the next request. Returns the client, or another in place of a broken one."""
        number = self._take()
        try:
            async with asyncio.timeout(_PATIENCE):
                status, body, ended = await client.send(self._requests[number])
        except (Broken, OSError, TimeoutError):
            self._note(number, started, perf_counter(), 0)
            client.close()
            await asyncio.sleep(_PAUSE)
            return await self._connect()
        self._note(number, started, ended, status)
        if status == 200:
            self._keep(number, body)
        return client

    def _take(self) -> int:
        number = self._next
        self._next = (number + 1) % len(self._requests)
        return number

    def _note(self, number: int, started: float, ended: float, status: int) -> None:
        self.calls.bodies.append(number)
        self.calls.started.append(started - self._began)
        self.calls.seconds.append(ended - started)
        self.calls.statuses.append(status)

    async def _connect(self) -> Client:
        loop = asyncio.get_running_loop()
        _, client = await loop.create_connection(Client, "127.0.0.1", self._order.port)
        return client

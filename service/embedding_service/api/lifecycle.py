"""From serving to stopped: who is told what, and when nothing is left to wait for."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class Lifecycle:
    """State of the server as its owner sets it; the API reads it and counts the work in flight.

    `leave` comes first and only makes `/readyz` fail, so that load balancers notice while work is
    still taken; `drain` then refuses new work.
    """

    def __init__(self) -> None:
        self.is_leaving = False
        self.is_draining = False
        self.in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def leave(self) -> None:
        """Tell load balancers to send no more; whoever still comes is served."""
        self.is_leaving = True

    def drain(self) -> None:
        """Refuse new work; what was accepted goes on."""
        self.is_leaving = True
        self.is_draining = True

    @contextmanager
    def track(self) -> Iterator[None]:
        """Count one piece of work as in flight."""
        self.in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self.in_flight -= 1
            if self.in_flight == 0:
                self._idle.set()

    async def wait_idle(self, seconds: float) -> bool:
        """Wait until nothing is in flight, `seconds` at most; tell whether that came true."""
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return self.in_flight == 0
        return True

"""`/healthz` for the kubelet, `/metrics` for Prometheus."""

from collections.abc import Callable

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest


class HealthServer:
    """Bound to one event loop: a loop that is stuck does not answer."""

    def __init__(
        self, port: int, find_fault: Callable[[], str | None], registry: CollectorRegistry
    ) -> None:
        """`find_fault` tells why the operator does not work, None where it does."""
        self._find_fault = find_fault
        self._registry = registry
        app = web.Application()
        app.router.add_get("/healthz", self._tell_health)
        app.router.add_get("/metrics", self._tell_metrics)
        self._runner = web.AppRunner(app, access_log=None)
        self._port = port

    async def start(self) -> None:
        """Listen on every address. Raises OSError."""
        await self._runner.setup()
        await web.TCPSite(self._runner, port=self._port).start()

    async def close(self) -> None:
        """Stop listening."""
        await self._runner.cleanup()

    async def _tell_health(self, _: web.Request) -> web.Response:
        fault = self._find_fault()
        return web.Response(text=fault or "ok", status=503 if fault else 200)

    async def _tell_metrics(self, _: web.Request) -> web.Response:
        body = generate_latest(self._registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

"""Probes and metrics, asked as the kubelet and Prometheus ask."""

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from embedding_operator.health import HealthServer


@pytest.mark.parametrize(("fault", "status"), [(None, 200), ("an index has waited", 503)])
async def test_a_probe_tells_whether_it_works_and_metrics_are_there(
    fault: str | None, status: int, unused_tcp_port: int
) -> None:
    registry = CollectorRegistry()
    Counter("passes", "Passes.", registry=registry).inc()
    server = HealthServer(unused_tcp_port, lambda: fault, registry)
    await server.start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{unused_tcp_port}") as session:
            async with session.get("/healthz") as response:
                assert (response.status, await response.text()) == (status, fault or "ok")
            async with session.get("/metrics") as response:
                assert "passes_total 1.0" in await response.text()
    finally:
        await server.close()

"""Probes and metrics."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from prometheus_client import CollectorRegistry

from apis import Api, OpenApi
from embedding_service.api.probes import build_metrics_app
from embedding_service.telemetry.metrics import Metrics
from fakes import SERVING


async def status_of(api: Api, probe: str, **state: Any) -> int:
    api.embedder.state = replace(SERVING, **state)
    response = await api.http.get(probe)
    assert set(response.json()) == {"status", "detail"}
    return int(response.status_code)


@pytest.mark.parametrize("probe", ["/livez", "/readyz", "/startupz"])
async def test_a_serving_server_passes_every_probe(api: Api, probe: str) -> None:
    assert await status_of(api, probe) == 200


@pytest.mark.parametrize("probe", ["/livez", "/readyz", "/startupz", "/health"])
async def test_uptime_checkers_ask_for_the_head_alone(api: Api, probe: str) -> None:
    assert (await api.http.head(probe)).status_code == 200


async def test_while_starting_it_is_alive_and_not_ready(api: Api) -> None:
    state = {"is_started": False, "is_serving": False}
    assert await status_of(api, "/livez", **state) == 200
    assert await status_of(api, "/readyz", **state) == 503
    assert await status_of(api, "/startupz", **state) == 503


async def test_a_lost_worker_makes_it_unready_and_no_more(api: Api) -> None:
    assert await status_of(api, "/livez", is_serving=False) == 200
    assert await status_of(api, "/readyz", is_serving=False) == 503
    assert await status_of(api, "/startupz", is_serving=False) == 200


async def test_only_a_restart_helps_a_broken_one(api: Api) -> None:
    assert await status_of(api, "/livez", is_broken=True, is_serving=False) == 503


async def test_it_is_unready_from_the_moment_it_is_told_to_stop(api: Api) -> None:
    api.lifecycle.leave()
    assert await status_of(api, "/readyz") == 503
    assert await status_of(api, "/livez") == 200


async def test_probes_are_answered_while_work_hangs(api: Api) -> None:
    api.lifecycle.drain()
    assert await status_of(api, "/livez") == 200


async def test_metrics_are_prometheus_text(api: Api) -> None:
    response = await api.http.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=")
    assert "\nactive_requests 0.0\n" in response.text


async def test_metrics_are_openmetrics_for_whoever_asks(api: Api) -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    response = await api.http.get("/metrics", headers=accept)
    assert response.headers["content-type"].startswith("application/openmetrics-text")
    assert response.text.endswith("# EOF\n")


@pytest.mark.parametrize("settings", [{"metrics_enabled": False}, {"metrics_port": 9100}])
async def test_metrics_can_be_closed_or_moved(open_api: OpenApi, settings: dict[str, Any]) -> None:
    response = await open_api(**settings).http.get("/metrics")
    assert (response.status_code, response.json()["code"]) == (404, "route_not_found")


async def test_a_port_of_their_own_serves_metrics_alone() -> None:
    app = build_metrics_app(Metrics(CollectorRegistry()))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://metrics") as http:
        assert "embedding_tokens" in (await http.get("/metrics")).text
        assert (await http.get("/v1/models")).status_code == 404

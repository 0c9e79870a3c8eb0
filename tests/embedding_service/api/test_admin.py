"""The operator's port: probes, and metrics where there are any."""

import httpx
import pytest

from apis import OpenApi
from embedding_service.api.admin import build_admin_app


@pytest.mark.parametrize("has_metrics", [True, False])
async def test_probes_and_metrics_are_all_there_is(open_api: OpenApi, has_metrics: bool) -> None:
    api = open_api(metrics_enabled=has_metrics)
    transport = httpx.ASGITransport(build_admin_app(api.app))
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as http:
        for path in ("/livez", "/readyz", "/startupz"):
            assert (await http.get(path)).status_code == 200
        assert (await http.get("/metrics")).status_code == (200 if has_metrics else 404)
        assert (await http.get("/api/v1/models")).status_code == 404

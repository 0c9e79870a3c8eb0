"""GET /health."""

from dataclasses import replace
from typing import Any

import pytest

from apis import Api
from embedding_service.api.native.answers import HealthAnswer
from fakes import DESCRIPTION, FINGERPRINT, SERVING


async def test_it_says_what_runs_where(api: Api) -> None:
    response = await api.http.get("/health")
    HealthAnswer.model_validate_json(response.content, strict=True)
    told = response.json()
    assert (response.status_code, told["status"], told["detail"]) == (200, "healthy", "serving")
    assert (told["model"], told["fingerprint"]) == ("fake", FINGERPRINT)
    assert (told["device"], told["gpu_available"]) == ("cpu", False)
    assert (told["fallback"], told["backend"]) == ("no driver", "hashing")
    assert (told["versions"]["gpu-embedding"], told["versions"]["torch"]) == ("1.2.3", "2")
    assert told["uptime_seconds"] >= 0


async def test_it_says_how_a_model_is_computed(api: Api) -> None:
    packed = replace(DESCRIPTION, backend="packed", linears="prepacked")
    unpacked = replace(DESCRIPTION, backend="reference", unpacked_because="it is a decoder")
    for description in (packed, unpacked):
        api.embedder.state = replace(SERVING, description=description)
        told = (await api.http.get("/health")).json()
        for name in ("backend", "linears", "unpacked_because", "dtype", "float32_because"):
            assert told[name] == getattr(description, name)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"is_started": False, "is_serving": False, "description": None}, "starting"),
        ({"is_serving": False}, "unavailable"),
        ({"is_broken": True}, "broken"),
    ],
)
async def test_it_fails_while_it_cannot_serve(
    api: Api, change: dict[str, Any], status: str
) -> None:
    api.embedder.state = replace(SERVING, **change)
    response = await api.http.get("/health")
    HealthAnswer.model_validate_json(response.content, strict=True)
    assert (response.status_code, response.json()["status"]) == (503, status)


async def test_a_server_told_to_leave_still_serves(api: Api) -> None:
    api.lifecycle.leave()
    response = await api.http.get("/health")
    assert (response.status_code, response.json()["status"]) == (200, "draining")


async def test_a_draining_server_does_not(api: Api) -> None:
    api.lifecycle.drain()
    response = await api.http.get("/health")
    assert (response.status_code, response.json()["status"]) == (503, "draining")

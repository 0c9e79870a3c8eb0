"""Ids, log lines and metrics of requests."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from structlog.testing import LogCapture

from apis import Api
from native import GENERATE

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    """Lines with what is bound to the request, as the service's own configuration has them."""
    capture = LogCapture()
    before = structlog.get_config()["processors"]
    structlog.configure(processors=[structlog.contextvars.merge_contextvars, capture])
    yield capture.entries
    structlog.configure(processors=before)


async def test_a_request_gets_an_id(api: Api) -> None:
    ids = [(await api.http.get("/livez")).headers["x-request-id"] for _ in range(2)]
    assert all(re.fullmatch("[0-9a-f]{32}", id_) for id_ in ids)
    assert ids[0] != ids[1]


async def test_a_given_id_is_kept(api: Api) -> None:
    response = await api.http.get("/unknown", headers={"X-Request-ID": "my-id.1"})
    assert response.headers["x-request-id"] == response.json()["request_id"] == "my-id.1"


@pytest.mark.parametrize("given", ["", "a b", "a" * 129, "<script>", "a\tb", "é"])
async def test_an_id_that_is_not_sane_is_replaced(api: Api, given: str) -> None:
    headers = [(b"x-request-id", given.encode("latin-1"))]
    response = await api.http.get("/livez", headers=headers)
    assert re.fullmatch("[0-9a-f]{32}", response.headers["x-request-id"])


async def test_a_request_has_one_line(api: Api, logs: list[Any]) -> None:
    response = await api.http.post(GENERATE, json={"texts": "a"}, headers={"X-Request-ID": "x"})
    assert response.status_code == 200
    [line] = logs
    assert line.pop("duration_ms") >= 0
    assert line == {
        "event": "request",
        "log_level": "info",
        "method": "POST",
        "route": GENERATE,
        "status": 200,
        "request_id": "x",
    }


async def test_a_refusal_has_one_line_with_its_code(api: Api, logs: list[Any]) -> None:
    await api.http.post(GENERATE, json={})
    [line] = logs
    assert (line["status"], line["code"], line["log_level"]) == (422, "invalid_request", "info")


async def test_a_fault_has_one_line_with_its_place(api: Api, logs: list[Any]) -> None:
    api.embedder.failure = ValueError("the secret text")
    response = await api.http.post(GENERATE, json={"texts": "the secret text"})
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    [line] = logs
    assert (line["log_level"], line["event"]) == ("error", "request failed")
    assert line["failure"].endswith("ValueError")
    assert "fakes.py" in line["failure"]
    assert "secret" not in str(logs)


async def test_the_trace_is_bound_to_the_line(api: Api, logs: list[Any]) -> None:
    traceparent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    await api.http.get("/v1/models", headers=traceparent)
    assert logs[0]["trace_id"] == TRACE


@pytest.mark.parametrize("given", ["nonsense", f"00-{'0' * 32}-b7ad6b7169203331-01"])
async def test_a_bad_trace_is_no_trace(api: Api, logs: list[Any], given: str) -> None:
    await api.http.get("/v1/models", headers={"traceparent": given})
    assert "trace_id" not in logs[0]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/startupz", "/health", "/metrics"])
async def test_probes_are_told_to_those_who_debug(api: Api, logs: list[Any], path: str) -> None:
    await api.http.get(path)
    assert [line["log_level"] for line in logs] == ["debug"]


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("POST", GENERATE, (GENERATE, "POST", "422")),
        ("GET", "/v1/models/a/b", ("/v1/models/{model}", "GET", "404")),
        ("GET", "/no/such/secret", ("unmatched", "GET", "404")),
        ("GET", GENERATE, (GENERATE, "GET", "405")),
        ("BREW", "/health", ("/health", "other", "405")),
        ("GET", "/docs", ("/docs", "GET", "200")),
        ("GET", "/docs/static/favicon.png", ("/docs", "GET", "200")),
    ],
)
async def test_labels_are_templates_and_never_paths(
    api: Api, logs: list[Any], method: str, path: str, labels: tuple[str, str, str]
) -> None:
    await api.http.request(method, path, json={} if method == "POST" else None)
    names = ("route", "method", "status")
    assert api.sample("http_requests_total", **dict(zip(names, labels, strict=True))) == 1
    assert api.sample("http_request_duration_seconds_count", route=labels[0]) == 1
    assert (logs[0]["route"], logs[0]["method"]) == labels[:2]


async def test_browsers_are_told_not_to_guess(api: Api) -> None:
    response = await api.http.get("/unknown")
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_the_key_is_told_by_its_name(api: Api, logs: list[Any]) -> None:
    await api.http.get("/v1/models")
    assert "key" not in logs[0]

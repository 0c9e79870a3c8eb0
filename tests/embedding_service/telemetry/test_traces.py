import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
import structlog
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import StreamingResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from collector import Collector, attributes_of, running_collector
from embedding_service.telemetry.spans import Spans
from embedding_service.telemetry.traces import AsgiApp, Message, Scope, Traces, start_traces

CANARY = "the-secret-of-a-user"
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


def build_app() -> AsgiApp:
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})
    router = APIRouter(prefix="/embed")

    @router.post("/{name}")
    async def embed(name: str, request: Request) -> dict[str, object]:
        await request.body()
        return {"name": name, "bound": structlog.contextvars.get_contextvars()}

    @app.get("/livez")
    async def livez() -> None: ...

    @app.get("/unavailable")
    async def unavailable() -> StreamingResponse:
        async def parts() -> AsyncIterator[str]:
            yield "a"
            yield "b"

        return StreamingResponse(parts(), status_code=503)

    @app.get("/broken")
    async def broken() -> None:
        raise ValueError(CANARY)

    app.include_router(router)
    return app


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with running_collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield collector


@pytest.fixture
def traces(collector: Collector) -> Iterator[Traces]:
    traces = start_traces(is_wanted=True, version="1.2.3")
    yield traces
    traces.shutdown()


@pytest.fixture
async def client(traces: Traces) -> AsyncIterator[httpx.AsyncClient]:
    app = traces.instrument(build_app(), untraced_paths={"/livez"})
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://service") as client:
        yield client


def only_span(traces: Traces, collector: Collector) -> Span:
    traces.shutdown()
    (span,) = collector.spans
    return span


async def test_a_request_is_one_span_named_by_its_route(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    await client.post("/embed/mini")
    span = only_span(traces, collector)
    assert span.name == "POST /embed/{name}"
    assert span.kind == Span.SPAN_KIND_SERVER
    assert attributes_of(span) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "http.route": "/embed/{name}",
        "url.scheme": "http",
    }
    assert span.status.code == Status.STATUS_CODE_UNSET
    assert span.start_time_unix_nano <= span.end_time_unix_nano


async def test_a_span_belongs_to_the_caller_s_trace(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}
    answer = await client.post("/embed/mini", headers=headers)
    span = only_span(traces, collector)
    assert span.trace_id.hex() == TRACE
    assert span.parent_span_id.hex() == PARENT
    assert span.trace_state == "vendor=1"
    assert answer.json()["bound"] == {"trace_id": TRACE}


async def test_a_caller_who_does_not_sample_gets_no_span_but_his_trace_in_the_log(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-00"}
    answer = await client.post("/embed/mini", headers=headers)
    traces.shutdown()
    assert collector.spans == []
    assert answer.json()["bound"] == {"trace_id": TRACE}


@pytest.mark.parametrize("traceparent", ["", "nonsense", f"00-{'0' * 32}-{PARENT}-01"])
async def test_a_context_that_is_none_starts_a_new_trace(
    client: httpx.AsyncClient, traces: Traces, collector: Collector, traceparent: str
) -> None:
    await client.post("/embed/mini", headers={"traceparent": traceparent})
    span = only_span(traces, collector)
    assert span.parent_span_id == b""
    assert any(span.trace_id)


async def test_each_request_has_its_own_span(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    for _ in range(5):
        await client.post("/embed/mini")
    traces.shutdown()
    assert len({span.trace_id for span in collector.spans}) == 5
    assert structlog.contextvars.get_contextvars() == {}


async def test_nothing_a_user_wrote_gets_into_a_span(
    client: httpx.AsyncClient, traces: Traces, collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    for side in ("REQUEST", "RESPONSE"):
        monkeypatch.setenv(f"OTEL_INSTRUMENTATION_HTTP_CAPTURE_HEADERS_SERVER_{side}", ".*")
    await client.post(
        f"/embed/{CANARY}",
        params={"q": CANARY},
        json={"texts": [CANARY]},
        headers={"user-agent": CANARY, "x-request-id": CANARY, "host": CANARY, "baggage": CANARY},
    )
    await client.get(f"/{CANARY}")
    await client.request(CANARY, "/nowhere")
    await client.get("/broken")
    traces.shutdown()
    assert len(collector.spans) == 4
    assert not [body for body in collector.bodies if CANARY.encode() in body]


async def test_an_unknown_route_or_method_makes_up_no_name(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    await client.get("/nowhere")
    await client.request("BREW", "/nowhere")
    traces.shutdown()
    assert sorted(span.name for span in collector.spans) == ["GET", "HTTP"]


async def test_a_failure_of_ours_marks_the_span(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    await client.get("/unavailable")
    span = only_span(traces, collector)
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert attributes_of(span)["error.type"] == "503"


async def test_an_uncaught_exception_marks_the_span_with_its_type_alone(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    answer = await client.get("/broken")
    assert answer.status_code == 500
    span = only_span(traces, collector)
    assert span.name == "GET /broken"
    assert span.status == Status(code=Status.STATUS_CODE_ERROR)
    assert attributes_of(span)["error.type"] == "ValueError"
    assert list(span.events) == []


async def test_an_uncaught_exception_reaches_the_server(traces: Traces) -> None:
    app = traces.instrument(build_app(), untraced_paths=())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        with pytest.raises(ValueError, match=CANARY):
            await client.get("http://service/broken")


async def test_probes_are_not_traced(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    assert (await client.get("/livez")).status_code == 200
    traces.shutdown()
    assert collector.spans == []


async def test_bytes_that_are_no_text_reach_the_application(
    traces: Traces, collector: Collector
) -> None:
    scope: Scope = {
        "type": "http",
        "method": "GET",
        "path": "/nowhere",
        "query_string": b"q=\xff",
        "headers": [(b"host", b"\xff\\x"), (b"\xff", b""), (b"traceparent", b"\xff")],
    }
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    app = traces.instrument(build_app(), untraced_paths=())
    await app(scope, receive, send)
    assert sent[0]["status"] == 404
    assert only_span(traces, collector).name == "GET"


async def test_the_lifespan_passes_through(traces: Traces) -> None:
    seen: list[str] = []

    async def app(scope: Scope, *_: object) -> None:
        seen.append(scope["type"])

    async def receive() -> Message:
        return {}

    async def send(_: Message) -> None: ...

    traced = traces.instrument(app, untraced_paths=())
    await traced({"type": "lifespan"}, receive, send)
    assert seen == ["lifespan"]


async def test_the_service_names_itself_unless_told_otherwise(
    client: httpx.AsyncClient, traces: Traces, collector: Collector
) -> None:
    await client.get("/nowhere")
    traces.shutdown()
    assert collector.resource["service.name"] == "gpu-embedding"
    assert collector.resource["service.version"] == "1.2.3"


async def test_opentelemetry_s_own_variables_name_the_service(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "search")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.version=9,zone=eu")
    traces = start_traces(is_wanted=True, version="1.2.3")
    app = traces.instrument(build_app(), untraced_paths=())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        await client.get("http://service/nowhere")
    traces.shutdown()
    named = {key: collector.resource[key] for key in ("service.name", "service.version", "zone")}
    assert named == {"service.name": "search", "service.version": "9", "zone": "eu"}


async def test_a_collector_that_never_answers_does_not_hold_the_shutdown(
    collector: Collector,
) -> None:
    collector.is_open.clear()
    spans = Spans("1.2.3")
    app = spans.instrument(build_app(), untraced_paths=())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app)) as client:
        await client.get("http://service/nowhere")
    spans.shutdown(timeout=0.05)
    assert collector.bodies == []


async def test_without_traces_the_application_is_left_as_it_is() -> None:
    traces = start_traces(is_wanted=False, version="1.2.3")
    app = build_app()
    assert traces.instrument(app, untraced_paths=()) is app
    traces.shutdown()


def test_without_traces_nothing_of_opentelemetry_is_imported() -> None:
    code = """
import json, sys
from embedding_service.telemetry.traces import start_traces

start_traces(is_wanted=False, version="1").shutdown()
print(json.dumps([name for name in sys.modules if name.startswith("opentelemetry")]))
"""
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
    assert json.loads(done.stdout) == []

"""Spans of requests, sent as OTLP over HTTP; the only importer of OpenTelemetry.

Written against OpenTelemetry's API instead of taking its ASGI middleware, or FastAPI's own spans:
both put path and query string into a span, and the middleware exceptions' messages too, where a
user's text may be. It also fails on a query string that is not UTF-8 before the application can
refuse it. A span of ours has the route's template, the method and the status.
"""

import threading
from collections.abc import Collection

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, Tracer, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from embedding_service.telemetry.metrics import METHODS
from embedding_service.telemetry.traces import AsgiApp, Message, Receive, Scope, Send

_CONTEXT_HEADERS = frozenset({b"traceparent", b"tracestate"})
_SHUTDOWN_SECONDS = 5.0


class Spans:
    """Sends spans where OpenTelemetry's variables say; its SDK reads them itself."""

    def __init__(self, version: str) -> None:
        self._provider = TracerProvider(resource=_build_resource(version), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("embedding_service", version)

    def instrument(self, app: AsgiApp, *, untraced_paths: Collection[str]) -> AsgiApp:
        """Wrap `app`: a span for each request, but those to `untraced_paths`."""
        return _TracedApp(app, self._tracer, frozenset(untraced_paths))

    def shutdown(self, timeout: float = _SHUTDOWN_SECONDS) -> None:
        """Send what is left, for `timeout` seconds at most: a dead collector must not block us."""
        flushing = threading.Thread(target=self._provider.shutdown, daemon=True)
        flushing.start()
        flushing.join(timeout)


class _TracedApp:
    """Opens a span before the application sees a request, and names it by the route taken."""

    def __init__(self, app: AsgiApp, tracer: Tracer, untraced_paths: frozenset[str]) -> None:
        self._app = app
        self._tracer = tracer
        self._untraced_paths = untraced_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in self._untraced_paths:
            await self._app(scope, receive, send)
            return
        is_known = scope["method"] in METHODS  # a made-up one must not make up a name
        method = scope["method"] if is_known else "HTTP"
        with self._tracer.start_as_current_span(
            method,
            context=_read_context(scope),
            kind=SpanKind.SERVER,
            attributes={
                "http.request.method": method if is_known else "_OTHER",
                "url.scheme": scope.get("scheme", "http"),
            },
            record_exception=False,  # its message may quote a text
            set_status_on_exception=False,
        ) as span:
            trace_id = format_trace_id(span.get_span_context().trace_id)
            with structlog.contextvars.bound_contextvars(trace_id=trace_id):
                try:
                    await self._follow(span, scope, receive, send)
                finally:
                    if route := _template_of(scope):
                        span.set_attribute("http.route", route)
                        span.update_name(f"{method} {route}")

    async def _follow(self, span: Span, scope: Scope, receive: Receive, send: Send) -> None:
        async def note_status(message: Message) -> None:
            if message["type"] == "http.response.start":
                _note_status(span, message["status"])
            await send(message)

        try:
            await self._app(scope, receive, note_status)
        except Exception as error:
            span.set_status(Status(StatusCode.ERROR))
            span.set_attribute("error.type", type(error).__qualname__)
            raise


def _note_status(span: Span, status: int) -> None:
    span.set_attribute("http.response.status_code", status)
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))
        span.set_attribute("error.type", str(status))


def _template_of(scope: Scope) -> str | None:
    """Return the template that FastAPI leaves in the scope of a request it has routed."""
    return getattr(scope.get("route"), "path_format", None)


def _read_context(scope: Scope) -> Context:
    """Return the caller's trace (W3C Trace Context), or an empty context where there is none.

    Only these headers are decoded, as HTTP's own Latin-1, which cannot fail.
    """
    headers = {
        name.decode(): value.decode("latin-1")
        for name, value in scope["headers"]
        if name in _CONTEXT_HEADERS
    }
    return TraceContextTextMapPropagator().extract(headers, context=Context())


def _build_resource(version: str) -> Resource:
    """Return who we are; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES go before our defaults."""
    ours = {"service.name": "gpu-embedding", "service.version": version}
    theirs = OTELResourceDetector().detect().attributes
    return Resource.create({key: value for key, value in ours.items() if key not in theirs})

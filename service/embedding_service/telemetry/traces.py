"""One OpenTelemetry span a request, when OpenTelemetry's own variables ask for it.

Nothing of OpenTelemetry is imported otherwise: its SDK and exporter cost start-up time and memory.
"""

from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any, Protocol, TypeAlias

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
AsgiApp: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]


class Traces(Protocol):
    """Where spans go; one for each process."""

    def instrument(self, app: AsgiApp, *, untraced_paths: Collection[str]) -> AsgiApp:
        """Wrap `app`: a span for each request, but those to `untraced_paths`."""

    def shutdown(self) -> None:
        """Send what is left. Blocks, a few seconds at most: call it off the event loop."""


def start_traces(*, is_wanted: bool, version: str) -> Traces:
    """Send spans if `is_wanted` (`environment.is_tracing_wanted`); else do nothing, at no cost."""
    if not is_wanted:
        return _NoTraces()
    from embedding_service.telemetry.spans import Spans  # noqa: PLC0415  see the module's text

    return Spans(version)


class _NoTraces:
    def instrument(self, app: AsgiApp, *, untraced_paths: Collection[str]) -> AsgiApp:
        return app

    def shutdown(self) -> None:
        """Nothing was started."""

"""One request and what became of it, as the middleware sees it."""

import re
import time
import uuid
from dataclasses import dataclass, field
from typing import cast

from starlette.datastructures import Headers
from starlette.types import Scope

from embedding_service.api.dialects import Dialect, dialect_of

_KEY = "embedding_service.exchange"
_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}.*")

OPEN_PATHS = frozenset({"/livez", "/readyz", "/startupz", "/health", "/metrics"})
"""Open to everybody, answered while draining, logged at debug."""
POLLS = frozenset({"/status", "/jobs"})
"""Of the operator's port, asked every few seconds; logged at debug while all is well."""
DOCS = frozenset({"/docs", "/openapi.json"})
"""Open to everybody as well: they tell nothing that the source does not."""


@dataclass(slots=True)
class Exchange:
    """Facts of one request; whoever learns one writes it here, and the access log tells them."""

    path: str
    dialect: Dialect
    request_id: str
    trace_id: str | None
    started: float = field(default_factory=time.perf_counter)
    status: int = 0
    code: str | None = None
    """Of the error it was answered with."""
    key: str | None = None
    """Name of the API key that was used."""
    failure: str | None = None
    """Types and places of an unforeseen exception, without its message."""

    @property
    def is_probe(self) -> bool:
        """Whether a machine asks after the server's state."""
        return self.path in OPEN_PATHS

    @property
    def is_quiet(self) -> bool:
        """Whether it is asked again and again, and its answer is no news."""
        return self.is_probe or (self.path in POLLS and 200 <= self.status < 400)

    @property
    def is_docs(self) -> bool:
        """Whether it is about the documentation, whose pages need scripts and style."""
        return self.path in DOCS or self.path.startswith("/docs/")

    @property
    def is_work(self) -> bool:
        """Whether it is counted, drained and asked for a key.

        Unknown routes are as well: without a key nobody learns which there are.
        """
        return not (self.is_probe or self.is_docs)

    @property
    def seconds(self) -> float:
        """Time since the request came in."""
        return time.perf_counter() - self.started


def open_exchange(scope: Scope) -> Exchange:
    """Make the exchange of `scope` and leave it there."""
    headers = Headers(scope=scope)
    path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
    given = headers.get("x-request-id", "")
    trace = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
    exchange = Exchange(
        path=path,
        dialect=dialect_of(path),
        request_id=given if _SANE_ID.fullmatch(given) else uuid.uuid4().hex,
        trace_id=trace.group(1) if trace else None,
    )
    scope[_KEY] = exchange
    return exchange


def exchange_of(scope: Scope) -> Exchange:
    """The exchange that `open_exchange` left in `scope`."""
    return cast("Exchange", scope[_KEY])

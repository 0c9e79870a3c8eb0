"""The audit log: who asked the API server for what, and when. Reading apart, pure."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from benchmarks.operator.stage.people import AGENT
from embedding_operator.names import CHILDREN, INDEXES
from tests.api_server.programs import AGENTS, WRITES

POLICY: Final = """
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Metadata}
"""
"""Everything, reads and watches as well."""
_CHILDREN: Final = frozenset(kind.plural for kind in CHILDREN)


@dataclass(frozen=True, slots=True)
class Request:
    """One request."""

    agent: str
    verb: str
    resource: str
    namespace: str
    name: str
    part: str
    """Subresource."""
    status: int
    received: float
    answered: float
    """Unix times, in seconds; a watch is answered when it begins."""

    @property
    def is_operators(self) -> bool:
        """Whether the operator sent it, or the framework in it."""
        return self.agent.startswith(AGENTS)

    @property
    def is_write(self) -> bool:
        """Whether it changed something, or was to."""
        return self.verb in WRITES


def measure_log(path: Path) -> int:
    """Bytes that it has now: what comes later begins there."""
    return path.stat().st_size


def read_log(path: Path, begin: int = 0) -> list[Request]:
    """Requests since `begin`, in the order in which they came."""
    with path.open("rb") as log:
        log.seek(begin)
        return parse_log(log.read().decode().splitlines())


def parse_log(lines: Iterable[str]) -> list[Request]:
    """Each request once: a watch has a line for its beginning and one for its end."""
    found: dict[str, Request] = {}
    for line in lines:
        entry = json.loads(line)
        found.setdefault(entry["auditID"], _parse(entry))
    return sorted(found.values(), key=lambda each: each.received)


def _parse(entry: Mapping[str, Any]) -> Request:
    target = entry.get("objectRef") or {}
    return Request(
        agent=entry.get("userAgent", ""),
        verb=entry["verb"],
        resource=target.get("resource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        part=target.get("subresource", ""),
        status=(entry.get("responseStatus") or {}).get("code", 0),
        received=datetime.fromisoformat(entry["requestReceivedTimestamp"]).timestamp(),
        answered=datetime.fromisoformat(entry["stageTimestamp"]).timestamp(),
    )


def count_most(requests: Sequence[Request], seconds: float = 1.0) -> int:
    """The most that came within any such time; `requests` are in their order."""
    most = begin = 0
    for place, request in enumerate(requests):
        while request.received - requests[begin].received >= seconds:
            begin += 1
        most = max(most, place - begin + 1)
    return most


def time_reactions(requests: Sequence[Request]) -> Iterator[tuple[bool, float | None]]:
    """For each write of a spec, whether it made the index, and the seconds to its first child.

    From the moment the write came in to the one when the child's was answered; None where no child
    was written.
    """
    for place, request in enumerate(requests):
        if _is_of_spec(request):
            key = request.namespace, request.name
            written = (
                each.answered
                for each in requests[place:]
                if _is_of_child(each, *key) and each.received > request.received
            )
            first = next(written, None)
            seconds = None if first is None else first - request.received
            yield request.status == 201, seconds


def _is_of_spec(request: Request) -> bool:
    return (
        request.agent == AGENT
        and request.is_write
        and (request.resource, request.part) == (INDEXES.plural, "")
    )


def _is_of_child(request: Request, namespace: str, name: str) -> bool:
    return (
        request.is_operators
        and request.is_write
        and request.namespace == namespace
        and request.resource in _CHILDREN
        and (request.name == name or request.name.startswith(f"{name}-"))
        and request.status < 300
    )

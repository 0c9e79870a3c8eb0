"""Bad days of an API server, as a proxy before it plays them (proxies.py)."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any


class Fault:
    """None: a good day."""

    is_away = False
    delay = 0.0
    """Seconds before each answer."""
    longest_watch: float | None = None
    """Seconds after which a watch is cut."""

    def refuse(self, method: str, path: str) -> tuple[int, Mapping[str, str]] | None:
        """Status and headers with which a call is answered at once."""

    def twist(self, line: bytes, kept: list[bytes]) -> Iterable[bytes]:
        """What comes of one line of a watch. What is `kept` back comes when there is silence."""
        return (line,)


class Away(Fault):
    """Connections break."""

    is_away = True


class Slow(Fault):
    """Each answer takes its time."""

    delay = 1.0


class Cut(Fault):
    """No watch lives for longer than a second."""

    longest_watch = 1.0


@dataclass
class Refusing(Fault):
    """Each call is refused when it comes first."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    _known: set[tuple[str, str]] = field(default_factory=set)

    def refuse(self, method: str, path: str) -> tuple[int, Mapping[str, str]] | None:
        if (method, path) in self._known:
            return None
        self._known.add((method, path))
        return self.status, self.headers


class Expired(Fault):
    """Instead of each third event a watch is told that it is too old."""

    def __init__(self, code: int = 410) -> None:
        self._lines = 0
        status = {"kind": "Status", "apiVersion": "v1", "code": code, "reason": "Expired"}
        self._error = encode({"type": "ERROR", "object": status})

    def twist(self, line: bytes, kept: list[bytes]) -> Iterator[bytes]:
        self._lines += 1
        yield self._error if self._lines % 3 == 0 else line


class Doubled(Fault):
    """Each event comes twice."""

    def twist(self, line: bytes, kept: list[bytes]) -> Iterable[bytes]:
        return (line, line)


class Dropped(Fault):
    """Each second event does not come."""

    _lines = 0

    def twist(self, line: bytes, kept: list[bytes]) -> Iterator[bytes]:
        self._lines += 1
        if self._lines % 2:
            yield line


class Swapped(Fault):
    """Events come after the one that follows, if that comes soon."""

    def twist(self, line: bytes, kept: list[bytes]) -> Iterable[bytes]:
        if not kept:
            kept.append(line)
            return ()
        return (line, kept.pop())


def encode(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event).encode() + b"\n"

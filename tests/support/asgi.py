"""A connection played by hand, for what no HTTP client does: leaving in the middle."""

import asyncio
from collections.abc import Iterable

from starlette.types import ASGIApp, Message, Scope

END: Message = {"type": "http.disconnect"}


def body(content: bytes = b"", *, more: bool = False) -> Message:
    """A part of a request's body, the last one unless there is `more`."""
    return {"type": "http.request", "body": content, "more_body": more}


class Connection:
    """One request. The application gets what is put in, and what it sends is kept."""

    def __init__(self, method: str, path: str, headers: Iterable[tuple[str, str]] = ()) -> None:
        self.scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        self.sent: list[Message] = []
        self._incoming: asyncio.Queue[Message] = asyncio.Queue()

    def put(self, message: Message) -> None:
        self._incoming.put_nowait(message)

    async def run(self, app: ASGIApp) -> None:
        await app(self.scope, self._incoming.get, self.send)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int | None:
        """None while nothing was answered."""
        return self.sent[0]["status"] if self.sent else None

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.sent[0]["headers"]}

    @property
    def content(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

"""As much of S3 as snapshots need, in memory, which answers some requests badly when it is told to.

What goes wrong is what goes wrong with S3: it is busy (503), two conditional writes met (409), or
the connection ends before an answer, whether or not what was asked for was done.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

BUCKET = "toxic"


class Fault(Enum):
    """What becomes of a request."""

    BUSY = "nothing was done, and told as 503"
    CONFLICT = "nothing was done, and told as 409"
    CUT = "the connection ends, and nothing was done"
    SILENT = "it was done, and the connection ends"
    DONE_AND_BUSY = "it was done, and told as 503"


@dataclass
class ToxicS3:
    """The server; what it keeps, and the faults of the next requests that they are of."""

    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)
    faults: deque[tuple[str, str, Fault]] = field(default_factory=deque)
    """Method, end of the name, and what happens the next time that the two come."""
    lock: Lock = field(default_factory=Lock)
    port: int = 0

    @property
    def place(self) -> tuple[str, dict[str, str]]:
        """URL and options of a store in it."""
        endpoint = f"http://127.0.0.1:{self.port}"
        keys = {"access_key_id": "a", "secret_access_key": "b", "disable_bulk_delete": "true"}
        return f"s3://{BUCKET}", {"endpoint": endpoint, "allow_http": "true", **keys}

    def take_fault(self, method: str, name: str) -> Fault | None:
        """The next fault, where it is one of this request."""
        if self.faults and self.faults[0][0] == method and name.endswith(self.faults[0][1]):
            return self.faults.popleft()[2]
        return None


@contextmanager
def toxic_s3() -> Iterator[ToxicS3]:
    """A server for the block."""
    store = ToxicS3()

    class Handler(_Handler):
        kept = store

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    store.port = server.server_port
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield store
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    kept: ToxicS3

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self._serve(content)

    def do_GET(self) -> None:
        self._serve(b"")

    do_HEAD = do_DELETE = do_GET  # noqa: N815  http.server's own way of naming

    def _serve(self, content: bytes) -> None:
        parts = urlsplit(self.path)
        name = unquote(parts.path).removeprefix(f"/{BUCKET}").strip("/")
        with self.kept.lock:
            fault = self.kept.take_fault(self.command, name)
            is_done = fault in {None, Fault.SILENT, Fault.DONE_AND_BUSY}
            answer = self._do(name, content, parse_qs(parts.query)) if is_done else (503, b"")
        if fault in {Fault.CUT, Fault.SILENT}:
            self.close_connection = True
            self.connection.close()
        elif fault is None:
            self._answer(*answer, name)
        else:
            self._answer(409 if fault is Fault.CONFLICT else 503, b"", name)

    def _do(self, name: str, content: bytes, query: dict[str, list[str]]) -> tuple[int, bytes]:
        if self.command == "PUT":
            return self._put(name, content)
        if self.command == "DELETE":
            self.kept.objects.pop(name, None)
            return 204, b""
        if "list-type" in query:
            return 200, self._list(query.get("prefix", [""])[0])
        return self._get(name)

    def _put(self, name: str, content: bytes) -> tuple[int, bytes]:
        if self.headers["If-None-Match"] == "*" and name in self.kept.objects:
            return 412, b""
        self.kept.objects[name] = content, datetime.now(UTC)
        return 200, b""

    def _get(self, name: str) -> tuple[int, bytes]:
        if name not in self.kept.objects:
            return 404, b""
        found = self.kept.objects[name][0]
        if span := self.headers["Range"]:
            first, last = map(int, span.removeprefix("bytes=").split("-"))
            return 206, found[first : last + 1]
        return 200, found

    def _list(self, prefix: str) -> bytes:
        items = "".join(
            f"<Contents><Key>{escape(name)}</Key><Size>{len(content)}</Size><ETag>1</ETag>"
            f"<LastModified>{modified:%Y-%m-%dT%H:%M:%S.%f}Z</LastModified></Contents>"
            for name, (content, modified) in sorted(self.kept.objects.items())
            if name.startswith(prefix)
        )
        return f"<ListBucketResult>{items}</ListBucketResult>".encode()

    def _answer(self, status: int, content: bytes, name: str) -> None:
        _, modified = self.kept.objects.get(name, (b"", datetime.now(UTC)))
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", format_datetime(modified, usegmt=True))
        self.send_header("Content-Length", str(len(content)))
        if status == 206:
            total = len(self.kept.objects[name][0])
            span = self.headers["Range"].removeprefix("bytes=")
            self.send_header("Content-Range", f"bytes {span}/{total}")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  its base's name
        pass

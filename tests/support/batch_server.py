"""A server's batch route without a model, for tests of who calls it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from typing import Any

import numpy as np
import pybase64

from fakes import FINGERPRINT, vector_of

_DEADLINE = 60.0


@dataclass
class Refusal:
    """An answer that is none."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b"{}"


class BatchServer:
    """Answers with the fake's vectors; everything about it can be changed while it runs."""

    def __init__(self) -> None:
        self.url = ""
        self.bodies: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.refusals: list[Refusal] = []
        """Given first, one a request."""
        self.most_texts = 10_000
        self.fingerprint: str | None = FINGERPRINT
        self.truncated: list[int] = []
        self.answers_before_failure: int | None = None
        self.answers_before_block: int | None = None
        self.blocked = Event()
        """Set when a request waits because `answers_before_block` were given."""
        self.unblocked = Event()
        self._lock = Lock()

    @property
    def asked(self) -> list[list[str]]:
        """The texts of each request, probes left out."""
        return [body["texts"] for body in self.bodies if body["texts"] != ["a"]]

    def answer(self, body: dict[str, Any], headers: dict[str, str]) -> Refusal:
        """Status, headers and body for one request."""
        with self._lock:
            given = len(self.asked)
            self.bodies.append(body)
            self.headers.append(headers)
            refusal = self.refusals.pop(0) if self.refusals else None
        limit = self.answers_before_block
        if limit is not None and given >= limit:
            self.blocked.set()
            self.unblocked.wait(_DEADLINE)
        if refusal is not None:
            return refusal
        if self.answers_before_failure is not None and given >= self.answers_before_failure:
            return Refusal(500, body=b'{"code": "internal_error", "detail": "cannot"}')
        if len(body["texts"]) > self.most_texts:
            return Refusal(413, body=b'{"code": "too_large", "detail": "too many texts"}')
        return self._embed(body["texts"])

    def _embed(self, texts: list[str]) -> Refusal:
        rows = [np.array(vector_of(text), "<f4").tobytes() for text in texts]
        content = {
            "embeddings": [pybase64.b64encode(row).decode() for row in rows],
            "model": "fake",
            "truncated": self.truncated,
        }
        named = {"X-Embedding-Fingerprint": self.fingerprint} if self.fingerprint else {}
        return Refusal(200, named, json.dumps(content).encode())


@contextmanager
def running_batch_server() -> Iterator[BatchServer]:
    """A server that listens until the block ends."""
    served = BatchServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = served.answer(body, dict(self.headers))
            try:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)
            except (BrokenPipeError, ConnectionResetError):  # the caller was killed
                self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        served.unblocked.set()
        server.shutdown()
        thread.join()
        server.server_close()

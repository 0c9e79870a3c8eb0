"""A model hub on this machine: enough of its HTTP for huggingface_hub to fetch a repository."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

SHA = "0123456789abcdef0123456789abcdef01234567"


class FakeHub:
    """Repositories by id, each a mapping of file names to contents, or a status that refuses it."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes] | tuple[int, str]] = {}
        self.requests: list[str] = []
        self.url = ""

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body for a GET; a HEAD gets the same without the body."""
        self.requests.append(path)
        kind, _, rest = path.removeprefix("/api/models/").partition("?")[0].partition("/")
        if path.startswith("/api/models/"):
            name, _, question = rest.partition("/")
            return self._describe(f"{kind}/{name}", question)
        organisation, name, _, _, file = path.removeprefix("/").split("/", 4)
        return self._serve(f"{organisation}/{name}", file)

    def _describe(self, repository: str, question: str) -> tuple[int, dict[str, str], bytes]:
        files = self.repositories.get(repository, (401, "RepoNotFound"))
        if isinstance(files, tuple):
            return files[0], {"X-Error-Code": files[1]}, b"{}"
        if question.startswith("revision/") and question.removeprefix("revision/") not in {
            "main",
            SHA,
        }:
            return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
        if question.startswith("tree/"):
            return 200, {}, json.dumps([_entry(name, files[name]) for name in files]).encode()
        siblings = [{"rfilename": name} for name in files]
        return 200, {}, json.dumps({"id": repository, "sha": SHA, "siblings": siblings}).encode()

    def _serve(self, repository: str, file: str) -> tuple[int, dict[str, str], bytes]:
        files = self.repositories[repository]
        assert isinstance(files, dict)
        content = files[file]
        etag = hashlib.sha256(content).hexdigest()
        return 200, {"ETag": f'"{etag}"', "X-Repo-Commit": SHA}, content


@contextmanager
def running_hub() -> Iterator[FakeHub]:
    """A hub that listens until the block ends."""
    hub = FakeHub()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = hub.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  http.server's own way of naming

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  its base's name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _entry(name: str, content: bytes) -> dict[str, Any]:
    oid = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return {"type": "file", "path": name, "size": len(content), "oid": oid}

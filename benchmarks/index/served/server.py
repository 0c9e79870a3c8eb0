"""Starts `python -m embedding_service serve`, and ends it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.connection import Connection, RequestFailed, build_request
from benchmarks.index.scales import DIMENSION
from benchmarks.programs import build_environment, find_port
from benchmarks.programs import stop as stop_program

_START_SECONDS: Final = 600.0
_PAUSE: Final = 0.05


class Server:
    """A running server."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
        self.process = process
        self.port = port
        self.folder = folder
        """Its DATA_DIR, and its log."""

    def connect(self) -> Connection:
        """A new connection."""
        return Connection(self.port)

    def wait_until_ready(self) -> None:
        """Return when /readyz says so. Raises RuntimeError when it does not, with the log's end."""
        request, deadline = build_request("GET", "/readyz"), time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                connection = self.connect()
                connection.send(request)
            except (OSError, RequestFailed):
                time.sleep(_PAUSE)
            else:
                connection.close()
                return
        log = (self.folder / "log").read_text(errors="replace")
        raise RuntimeError(f"the server is not ready:\n{log[-3000:]}")


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[Server]:
    """A server over `folder`, at work when the block begins and ended when it is left."""
    server = start(folder, **settings)
    try:
        server.wait_until_ready()
        yield server
    finally:
        stop(server)


def start(folder: Path, **settings: str) -> Server:
    """Start without waiting."""
    folder.mkdir(parents=True, exist_ok=True)
    port = find_port()
    environment = build_environment(
        DATA_DIR=str(folder),
        EMBEDDING_MODEL=f"hashing:{DIMENSION}",
        HF_HUB_OFFLINE="1",
        LOG_FORMAT="json",
        SERVICE_HOST="127.0.0.1",
        SERVICE_PORT=str(port),
    )
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "embedding_service", "serve"],
            cwd=folder,  # where no .env is
            env=environment | settings,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    return Server(process, port, folder)


def stop(server: Server) -> None:
    """End it as Kubernetes does, in the end by force."""
    stop_program(server.process)

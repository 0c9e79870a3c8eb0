"""The real program in a process of its own, as a user starts it."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil

from environment import clean_environment
from listening import listening_urls
from shepherd import start_under_shepherd
from waiting import wait_until

_START_SECONDS = 200.0  # torch takes 15 s to import on an idle machine, minutes on a busy one
_STOP_SECONDS = 60.0
_TAIL_LINES = 60


class LiveServerError(AssertionError):
    """The server did not do as it should; the message ends with its log."""


class LiveServer:
    """A server by the folder it was started in. Any process may hold one, not only the starter."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def pid(self) -> int:
        return int((self.folder / "pid").read_text())

    @property
    def exit_status(self) -> int | None:
        """None while it runs; negative is the signal that ended it."""
        path = self.folder / "status"
        return int(path.read_text()) if path.exists() else None

    @property
    def base_url(self) -> str:
        return (self.folder / "address").read_text()

    def http(self, timeout: float = 60.0) -> httpx.Client:
        return httpx.Client(base_url=self.base_url, timeout=timeout)

    def descendants(self) -> list[psutil.Process]:
        """The template and worker processes."""
        return psutil.Process(self.pid).children(recursive=True)

    def wait_until_serving(self, seconds: float = _START_SECONDS) -> None:
        """Learn the address and wait for /startupz; nothing to do the second time."""
        if (self.folder / "address").exists():
            return
        with httpx.Client(timeout=5) as http:
            try:
                address = wait_until(lambda: self._find(http), seconds, "/startupz says 200")
            except TimeoutError as error:
                raise LiveServerError(f"{error}{self._tail()}") from None
        (self.folder / "address").write_text(address)

    def assert_innocent(self, text: str) -> None:
        """Nothing that was sent to it was a fault of its own, and its log does not tell `text`."""
        assert '"level":"error"' not in self.log, self._tail()
        assert text not in self.log

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def wait_for_exit(self, seconds: float = _STOP_SECONDS) -> int:
        try:
            wait_until(lambda: self.exit_status is not None, seconds, "the server ends")
        except TimeoutError as error:
            psutil.Process(self.pid).kill()
            raise LiveServerError(f"{error}{self._tail()}") from None
        status = self.exit_status
        assert status is not None
        return status

    def stop(self, seconds: float = _STOP_SECONDS) -> None:
        """Ask it to end as Kubernetes does; it must exit with 0 and take its processes along."""
        if self.exit_status is not None:
            raise LiveServerError(f"the server had ended with {self.exit_status}{self._tail()}")
        children = self.descendants()
        self.send(signal.SIGTERM)
        status = self.wait_for_exit(seconds)
        _, left = psutil.wait_procs(children, timeout=5)
        if status or left:
            raise LiveServerError(f"exit status {status}, processes left: {left}{self._tail()}")

    def _find(self, http: httpx.Client) -> str | None:
        if self.exit_status is not None:
            raise LiveServerError(f"the server ended with {self.exit_status}{self._tail()}")
        return next((url for url in self._listening() if _is_started(http, url)), None)

    def _listening(self) -> list[str]:
        return listening_urls(self.pid) if (self.folder / "pid").exists() else []

    def _tail(self) -> str:
        return "\n" + "\n".join(self.log.splitlines()[-_TAIL_LINES:])


def launch(
    folder: Path,
    settings: Mapping[str, str],
    owner: int | None = None,
    program: Sequence[str] = ("-m", "embedding_service", "serve"),
) -> LiveServer:
    """Start a server without waiting for it. It ends at the latest with process `owner`."""
    defaults = {
        "SERVICE_PORT": "0",
        "SERVICE_HOST": "127.0.0.1",
        "LOG_FORMAT": "json",
        "DATA_DIR": str(folder / "data"),
    }
    environment = clean_environment(**(defaults | dict(settings)))
    command = [sys.executable, *program]
    # In a folder of its own, so that no developer's .env is read.
    start_under_shepherd(folder, command, owner=owner, environment=environment)
    return LiveServer(folder)


@contextmanager
def running_server(folder: Path, **settings: str) -> Iterator[LiveServer]:
    """A server that serves, stopped at the end: an exit status other than 0 fails the test."""
    server = launch(folder, settings)
    try:
        server.wait_until_serving()
        yield server
    finally:
        server.stop()


def _is_started(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(f"{url}/startupz").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False

"""Programs that listen on a port of the kernel's choice, and where that is."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import psutil

from waiting import wait_until

_START_SECONDS = 60.0
_STOP_SECONDS = 20.0


def listening_urls(pid: int) -> list[str]:
    """Where a process listens. Asks the kernel: the program was told port 0."""
    try:
        sockets = psutil.Process(pid).net_connections("tcp")
    except psutil.NoSuchProcess:
        return []
    listening = [socket for socket in sockets if socket.status == psutil.CONN_LISTEN]
    return [f"http://127.0.0.1:{socket.laddr.port}" for socket in listening]


@contextmanager
def running_program(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str]
) -> Iterator[str]:
    """Run a program from its first open port on; gives the port's URL."""
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env=dict(environment)) as process,
    ):
        try:
            wait_until(lambda: _is_open(process, log), _START_SECONDS, f"{command[0]} listens")
            yield listening_urls(process.pid)[0]
        finally:
            process.terminate()
            process.wait(_STOP_SECONDS)


def _is_open(process: subprocess.Popen[bytes], log: Path) -> bool:
    assert process.poll() is None, log.read_text(errors="replace")
    return bool(listening_urls(process.pid))

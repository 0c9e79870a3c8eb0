"""The front's handles on zygote, hosts and workers: starting them, and being rid of them."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from embedding_service.inference.backends.base import Facts, LoadFailed, LoadSpec, facts_from_json
from embedding_service.inference.workers.link import WorkerLink
from embedding_service.inference.workers.wire import receive_control, send_control

_CONTROL_SECONDS = 30.0
"""Longest a live process takes over a fork; the import of torch is waited for with the load."""
_END_SECONDS = 2.0

_CHILD_ENVIRONMENT = {
    # One thread before every fork, and none behind torch's back after it.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # Models are fetched by the front; a process that runs them has no business on the network.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
}


class ProcessLost(Exception):
    """A zygote or host has died, or does not answer."""


class _Control:
    """Blocking calls to one process; used from threads, one at a time."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._lock = threading.Lock()

    def call(
        self, message: dict[str, Any], end: socket.socket | None, timeout: float
    ) -> dict[str, Any]:
        """Send, with the other process's end of a channel if given, and wait for the answer."""
        with self._lock:
            try:
                self._end.settimeout(timeout)
                send_control(self._end, message, None if end is None else end.fileno())
            except OSError as error:
                raise ProcessLost(str(error)) from error
            answer = self.wait(timeout)
        if "refused" in answer:
            raise ProcessLost(answer["refused"])
        return answer

    def wait(self, timeout: float) -> dict[str, Any]:
        """Wait for a message that was not asked for."""
        try:
            self._end.settimeout(timeout)
            received = receive_control(self._end)
        except OSError as error:
            raise ProcessLost(str(error)) from error
        if received is None:
            raise ProcessLost("it has ended")
        return received[0]

    def close(self) -> None:
        # Closing alone would leave a thread that waits in recv() asleep.
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()


class Worker:
    """A process that runs forwards."""

    def __init__(self, pid: int, link: WorkerLink, host: "Host") -> None:
        self.pid = pid
        self.link = link
        self._host = host

    async def end(self) -> None:
        """Kill it, whatever it is doing, and have it reaped."""
        self.link.close()
        await self._host.end_worker(self.pid)


class Host:
    """A process that has loaded one model."""

    def __init__(self, pid: int, control: _Control, zygote: "Zygote", facts: Facts) -> None:
        self.pid = pid
        self.facts = facts
        self.is_ended = False
        self._control = control
        self._zygote = zygote

    async def start_worker(self) -> Worker:
        """Get a worker that shares this host's weights. Raises ProcessLost."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                answer = await asyncio.to_thread(
                    self._control.call, {"do": "worker"}, theirs, _CONTROL_SECONDS
                )
            return Worker(answer["pid"], await WorkerLink.open(ours), self)
        except BaseException:
            ours.close()
            raise

    async def end_worker(self, pid: int) -> None:
        """Kill and reap a worker; on a GPU the host is the worker."""
        if pid == self.pid:
            await self.end()
            return
        with contextlib.suppress(ProcessLost):
            await asyncio.to_thread(
                self._control.call, {"do": "kill", "pid": pid}, None, _CONTROL_SECONDS
            )

    async def end(self) -> None:
        """Kill and reap it; its workers die with it."""
        if not self.is_ended:
            self.is_ended = True
            self._control.close()
            await self._zygote.end_host(self.pid)


class Zygote:
    """The process all others are forked from; started on first use, and again when it is lost."""

    def __init__(self, environment: Mapping[str, str], load_timeout: float) -> None:
        self._environment = {**environment, **_CHILD_ENVIRONMENT}
        self._load_timeout = load_timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._control: _Control | None = None
        self._is_ended = False
        self._lock = threading.Lock()

    async def start_host(self, spec: LoadSpec) -> Host:
        """Load a model in a process of its own. Raises LoadFailed, ProcessLost."""
        ours, theirs = socket.socketpair()
        control = _Control(ours)
        pid: int | None = None
        try:
            with theirs:
                pid = await asyncio.to_thread(self._fork_host, spec, theirs)
            facts = await asyncio.to_thread(self._wait_for_load, control)
        except BaseException:
            control.close()
            if pid is not None:
                await asyncio.shield(self.end_host(pid))
            raise
        return Host(pid, control, self, facts)

    def _fork_host(self, spec: LoadSpec, theirs: socket.socket) -> int:
        message = {"do": "host", "spec": asdict(spec)}
        with self._lock:
            control = self._ensure()
        return int(control.call(message, theirs, self._load_timeout)["pid"])

    def _wait_for_load(self, control: _Control) -> Facts:
        loaded = control.wait(self._load_timeout)
        if "failed" in loaded:
            raise LoadFailed(loaded["failed"], loaded["message"])
        return facts_from_json(loaded["facts"])

    async def end_host(self, pid: int) -> None:
        """Kill and reap a host."""
        if self._control is not None:
            with contextlib.suppress(ProcessLost):
                await asyncio.to_thread(
                    self._control.call, {"do": "kill", "pid": pid}, None, _CONTROL_SECONDS
                )

    async def end(self) -> None:
        """End the zygote; hosts and workers die with it."""
        await asyncio.to_thread(self._end)

    def _end(self) -> None:
        with self._lock:
            self._is_ended = True
            if self._control is not None:
                self._control.close()
            if self._process is not None:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self._process.wait(_END_SECONDS)  # it sees its channel closed
                self._process.kill()
                self._process.wait()

    def _ensure(self) -> _Control:
        if self._is_ended:  # a thread that was on its way when everything was closed
            raise ProcessLost("it was ended")
        if self._control is None or self._process is None or self._process.poll() is not None:
            if self._control is not None:
                self._control.close()
            self._process, ours = _start_zygote(self._environment)
            self._control = _Control(ours)
        return self._control


def _start_zygote(environment: Mapping[str, str]) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The process, and our end of its control channel. Raises ProcessLost."""
    ours, theirs = socket.socketpair()
    module = "embedding_service.inference.workers.process"
    command = [sys.executable, "-m", module, str(theirs.fileno())]
    try:
        with theirs:
            process = subprocess.Popen(  # noqa: S603  our own program
                command,
                pass_fds=[theirs.fileno()],
                env=dict(environment),
                stdin=subprocess.DEVNULL,
            )
    except OSError as error:
        ours.close()
        raise ProcessLost(f"cannot start {sys.executable}: {error.strerror}") from error
    return process, ours

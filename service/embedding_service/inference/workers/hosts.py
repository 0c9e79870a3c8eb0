"""The front's handles on zygote, hosts and workers: starting them, and being rid of them."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial

from embedding_service.inference.backends.base import Facts, LoadFailed, LoadSpec, facts_from_json
from embedding_service.inference.threads import in_thread
from embedding_service.inference.workers.control import Control, NoProcess, ProcessLost
from embedding_service.inference.workers.link import WorkerLink

_GRACE = 0.5
"""Seconds for the zygote to end by itself."""

_MEASURING = 60.0
"""Seconds; longest that a measurement may take."""

_CHILD_ENVIRONMENT = {
    # One thread before every fork, and none behind torch's back after it.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "TOKENIZERS_PARALLELISM": "false",
    # oneDNN keeps 1,024 compiled shapes, half a MiB each; packed forwards need 64 (packing/blocks).
    "ONEDNN_PRIMITIVE_CACHE_CAPACITY": "96",
    # Models are fetched by the front; a process that runs them has no business on the network.
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TRANSFORMERS_VERBOSITY": "error",
    "TRANSFORMERS_NO_ADVISORY_WARNINGS": "1",
}


class Worker:
    """A process that runs forwards."""

    def __init__(self, pid: int, link: WorkerLink, host: "Host") -> None:
        self.pid = pid
        self.link = link
        self.is_proven = False
        """Whether it has done a forward, or lived long enough to count as sound."""
        self._host = host

    async def end(self) -> None:
        """Kill it, whatever it is doing, and have it reaped."""
        self.link.close()
        await self._host.end_worker(self.pid)


class Host:
    """A process that has loaded one model."""

    def __init__(self, pid: int, control: Control, zygote: "Zygote", facts: Facts) -> None:
        self.pid = pid
        self.facts = facts
        self.threads = 1
        """Of each worker."""
        self.is_ended = False
        self._control = control
        self._zygote = zygote

    async def start_worker(self) -> Worker:
        """Get a worker that shares this host's weights. Raises ProcessLost, ForkRefused."""
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                answer = await in_thread(
                    partial(self._control.call, {"do": "worker", "threads": self.threads}, theirs)
                )
            return Worker(int(answer["pid"]), await WorkerLink.open(ours), self)
        except BaseException:
            ours.close()
            raise

    async def measure(self, workers: int, threads: int) -> float:
        """Forwards a second of so many workers with so many threads. Raises ProcessLost."""
        order = {"do": "measure", "workers": workers, "threads": threads}
        answer = await in_thread(partial(self._control.call, order, seconds=_MEASURING))
        return float(answer["rate"])

    async def end_worker(self, pid: int) -> None:
        """Kill and reap a worker; on a GPU the host is the worker."""
        if pid == self.pid:
            await self.end()
            return
        with contextlib.suppress(NoProcess):
            await in_thread(partial(self._control.call, {"do": "kill", "pid": pid}))

    async def end(self) -> None:
        """Kill and reap it; its workers die with it."""
        if not self.is_ended:
            self.is_ended = True
            self._control.close()
            await self._zygote.end_host(self.pid)


class Zygote:
    """The process all others are forked from; started on first use, and again when it is lost."""

    def __init__(self, environment: Mapping[str, str], backend: str | None = None) -> None:
        """`backend` is imported as soon as the process is there."""
        self._environment = {**environment, **_CHILD_ENVIRONMENT}
        self._ahead = () if backend is None else (backend,)
        self._process: subprocess.Popen[bytes] | None = None
        self._control: Control | None = None
        self._is_ended = False
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start the process, and wait for nothing it does. Raises ProcessLost."""
        with self._lock:
            self._ensure()

    async def start_host(self, spec: LoadSpec, within: float) -> Host:
        """Load a model in a process of its own, `within` seconds. Raises LoadFailed, NoProcess."""
        ours, theirs = socket.socketpair()
        control = Control(ours)
        pid: int | None = None
        try:
            with theirs:
                pid = await in_thread(partial(self._fork_host, spec, theirs, within))
            facts = await in_thread(partial(_wait_for_load, control, within))
        except BaseException:
            control.close()
            if pid is not None:
                await asyncio.shield(self.end_host(pid))
            raise
        host = Host(pid, control, self, facts)
        host.threads = spec.threads
        return host

    def _fork_host(self, spec: LoadSpec, theirs: socket.socket, within: float) -> int:
        with self._lock:
            control = self._ensure()
        # The first one waits for the zygote's import of torch as well.
        return int(control.call({"do": "host", "spec": asdict(spec)}, theirs, within)["pid"])

    async def end_host(self, pid: int) -> None:
        """Kill and reap a host."""
        control = self._control
        if control is not None:
            with contextlib.suppress(NoProcess):
                await in_thread(partial(control.call, {"do": "kill", "pid": pid}))

    async def end(self) -> None:
        """End the zygote; hosts and workers die with it."""
        await in_thread(self.end_now)

    def end_now(self) -> None:
        """The same, where there is no event loop."""
        with self._lock:
            self._is_ended = True
            self._discard()

    def _discard(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._process is not None:
            try:
                self._process.wait(_GRACE)  # the closed channel ends it
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _ensure(self) -> Control:
        if self._is_ended:  # a thread that was on its way when everything was closed
            raise ProcessLost("it was ended")
        is_alive = self._process is not None and self._process.poll() is None
        if self._control is None or self._control.is_closed or not is_alive:
            self._discard()
            self._process, ours = _start_zygote(self._environment, self._ahead)
            self._control = Control(ours)
        return self._control


def _wait_for_load(control: Control, within: float) -> Facts:
    loaded = control.wait(within)
    if "failed" in loaded:
        raise LoadFailed(loaded["failed"], loaded["message"])
    return facts_from_json(loaded["facts"])


def _start_zygote(
    environment: Mapping[str, str], ahead: Sequence[str]
) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The process, and our end of its control channel. Raises ProcessLost."""
    ours, theirs = socket.socketpair()
    module = "embedding_service.inference.workers.process"
    command = [sys.executable, "-m", module, str(theirs.fileno()), *ahead]
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

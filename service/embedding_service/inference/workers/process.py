"""The program that runs as zygote, host and worker (see the package's docstring).

It is started as `python -m embedding_service.inference.workers.process FD [BACKEND]`, where FD is
its end of the control channel, and BACKEND is imported at once; it ends when the front closes the
other end, or dies.
"""

import contextlib
import ctypes
import faulthandler
import gc
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from functools import partial
from typing import NoReturn

from embedding_service.heap import Heap, importing
from embedding_service.inference.backends.base import (
    Backend,
    LoadFailed,
    LoadSpec,
    TokenBatch,
    load_backend,
)
from embedding_service.inference.backends.imports import import_backend
from embedding_service.inference.workers.trial import measure
from embedding_service.inference.workers.wire import (
    ReplyHeader,
    Status,
    receive_batch,
    receive_control,
    send_control,
    send_reply,
)
from embedding_service.vectors import Matrix

_PR_SET_PDEATHSIG = 1
_LONGEST_MESSAGE = 500
_GRACE = 0.5
_PAUSE = 0.005
_NO_ROWS: tuple[int, int] = (0, 0)


def run_zygote(control: socket.socket, ahead: Sequence[str] = ()) -> None:
    """Fork a host for every request, from a process in which the heavy imports are done once.

    Those of the backends named in `ahead` are done before anybody asks.
    """
    faults = {name: _import_backend(name) for name in ahead}
    while (received := receive_control(control)) is not None:
        message, descriptor = received
        if message["do"] == "kill":
            _end_child(message["pid"])
            send_control(control, {})
        elif descriptor is not None:
            with socket.socket(fileno=descriptor) as channel:
                spec = LoadSpec(**message["spec"])
                if spec.backend not in faults:
                    faults[spec.backend] = _import_backend(spec.backend)
                _fork(control, partial(run_host, channel, spec, faults[spec.backend]))


def _import_backend(name: str) -> str | None:
    """Pay for torch here, once. Returns what is wrong with the installation, if anything is."""
    try:
        # A host's collection would touch, and so copy, all that has been imported: 150 MiB.
        with importing():
            import_backend(name)
    except Exception as error:  # noqa: BLE001  a broken installation can raise anything
        # Told now: what is half imported fails the second time with another, misleading error.
        return f"the libraries that run models do not work here ({_describe(error)})"
    return None


def run_host(control: socket.socket, spec: LoadSpec, fault: str | None = None) -> None:
    """Load one model, say so, then fork (CPU) or become (GPU) its workers."""
    if fault is not None:
        send_control(control, {"failed": "model", "message": fault})
        return
    try:
        backend = load_backend(spec)
    except LoadFailed as failure:
        send_control(control, {"failed": failure.kind, "message": failure.message})
        return
    except Exception as error:  # noqa: BLE001  whatever else goes wrong is told, not only logged
        message = f"loading failed in an unforeseen way ({_describe(error)})"
        send_control(control, {"failed": "model", "message": message})
        return
    # What exists now is shared by all workers; a collection must not touch, and so copy, its pages.
    gc.collect()
    Heap().trim(at_once=True)  # of what the load has left, a tenth of the weights
    gc.freeze()
    send_control(control, {"facts": asdict(backend.facts)})
    while (request := receive_control(control)) is not None:
        order, descriptor = request
        if order["do"] == "kill":
            _end_child(order["pid"])
            send_control(control, {})
        elif order["do"] == "measure":
            rate = measure(backend, order["workers"], order["threads"], _run_in_fork)
            send_control(control, {"rate": rate})
        elif descriptor is not None:
            _start_worker(control, descriptor, backend, order["threads"])


def _start_worker(control: socket.socket, descriptor: int, backend: Backend, threads: int) -> None:
    with socket.socket(fileno=descriptor) as channel:
        if backend.facts.device != "cpu":
            send_control(control, {"pid": os.getpid()})
            run_worker(channel, backend, threads)
            return
        _fork(control, partial(run_worker, channel, backend, threads))


def run_worker(channel: socket.socket, backend: Backend, threads: int) -> None:
    """Answer batches until the front closes the channel."""
    backend.prepare_worker(threads)
    heap = Heap()
    while (batch := receive_batch(channel)) is not None:
        header, body = answer(backend, batch)
        send_reply(channel, header, body)
        heap.trim()


def answer(backend: Backend, batch: TokenBatch) -> tuple[ReplyHeader, memoryview | bytes]:
    """Run one forward. An error is an answer too; only a lost device ends the process."""
    started = time.perf_counter()
    status, body = Status.DONE, b""
    matrix: Matrix | None = None
    try:
        matrix = backend.forward(batch)
    except Exception as error:
        status = Status.OUT_OF_MEMORY if backend.is_out_of_memory(error) else Status.FAILED
        if status is Status.FAILED and backend.is_fatal(error):
            raise
        body = _describe(error).encode()
    if status is Status.OUT_OF_MEMORY:
        backend.release_memory()
    seconds = time.perf_counter() - started
    rows, columns = _NO_ROWS if matrix is None else matrix.shape
    size = len(body) if matrix is None else matrix.nbytes
    header = ReplyHeader(status, rows, columns, size, backend.device_memory(), seconds)
    return header, body if matrix is None else matrix.data.cast("B")


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:_LONGEST_MESSAGE]


def _fork(control: socket.socket, run: Callable[[], None]) -> None:
    """Run `run` in a child, and tell the front its pid, or why there is none."""
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError as error:  # too many processes, or no memory for one more
        send_control(control, {"refused": f"cannot fork: {error.strerror}"})
        return
    if pid == 0:
        control.close()
        _run_child(run, parent)
    send_control(control, {"pid": pid})


def _run_in_fork(run: Callable[[], None]) -> int:
    """Start `run` in a child of which nobody else is told. Raises OSError."""
    parent = os.getpid()
    pid = os.fork()
    if pid == 0:
        _run_child(run, parent)
    return pid


def _end_child(pid: int) -> None:
    """End and reap. Only a parent reaps, and only here, so the pid cannot have become another's.

    The front has closed the child's channel, which ends it unless it hangs; then it is killed.
    """
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        deadline = time.monotonic() + _GRACE
        while os.waitpid(pid, os.WNOHANG) == (0, 0):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(_PAUSE)


def _run_child(run: Callable[[], None], parent: int) -> NoReturn:
    """Run a forked child to its end; its parent's stack is none of its business."""
    status = 0
    try:
        _die_with(parent)
        run()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the front is gone, and so is the reason to be here
    except BaseException:  # noqa: BLE001  it is told, and ends the process
        sys.excepthook(*sys.exc_info())
        status = 70  # EX_SOFTWARE
    finally:
        sys.stderr.flush()
        os._exit(status)


def _die_with(parent: int) -> None:
    """A worker hung in a forward would outlive everybody otherwise (Linux only: prctl(2))."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it was gone before the kernel knew whom to tell
        os._exit(0)


def main() -> None:
    """Run as the zygote."""
    faulthandler.enable()
    # Ctrl-C and a supervisor's SIGTERM reach the whole group; only the front decides when to end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with (
        socket.socket(fileno=int(sys.argv[1])) as control,
        contextlib.suppress(BrokenPipeError, ConnectionResetError),  # the front is gone
    ):
        run_zygote(control, sys.argv[2:])


if __name__ == "__main__":
    main()

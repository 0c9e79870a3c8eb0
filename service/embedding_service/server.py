"""Runs the composed service: listens, starts the model, leaves without losing what it accepted."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator

import structlog
import uvicorn

from embedding_service.app import Application, build_application
from embedding_service.errors import ModelUnavailable
from embedding_service.settings import Settings
from embedding_service.telemetry.traces import AsgiApp

_log = structlog.get_logger(__name__)

_KEEP_ALIVE = 75
"""Seconds an idle connection is kept: longer than proxies keep theirs (60 s)."""
_LAST_WORDS = 2
"""Seconds for answers that are being written when the grace time ends."""


class PortTaken(OSError):
    """The port to listen on cannot be had."""


class _Listener(uvicorn.Server):
    """uvicorn without signal handling: one owner decides for all listeners."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the owner."""
        yield


def bind(host: str, port: int, setting: str) -> socket.socket:
    """A listening socket. Raises PortTaken, whose message names the setting."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTaken(
            f"cannot listen on {host}:{port} ({error.strerror}); stop what does, or set {setting}"
        ) from error
    return listening


async def serve(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises PortTaken, BadKeysFile."""
    with contextlib.ExitStack() as sockets:
        port = sockets.enter_context(
            bind(settings.service_host, settings.service_port, "SERVICE_PORT")
        )
        application = build_application(settings)
        listeners = [_listen(application.api, port)]
        if settings.metrics_enabled and settings.metrics_port is not None:
            metrics_port = sockets.enter_context(
                bind(settings.service_host, settings.metrics_port, "METRICS_PORT")
            )
            listeners.append(_listen(application.metrics, metrics_port))
        _log.info("listening", host=settings.service_host, port=port.getsockname()[1])
        try:
            return await _run(application, listeners, settings)
        finally:
            await application.embedder.close()
            await asyncio.to_thread(application.traces.shutdown)


def _listen(app: AsgiApp, listening: socket.socket) -> tuple[_Listener, asyncio.Task[None]]:
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=_LAST_WORDS,
    )
    listener = _Listener(config)
    return listener, asyncio.create_task(listener.serve(sockets=[listening]))


async def _run(
    application: Application,
    listeners: list[tuple[_Listener, asyncio.Task[None]]],
    settings: Settings,
) -> int:
    """Start the default model behind the open port, then wait to be told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = [task for _, task in listeners]
    starting = asyncio.create_task(application.embedder.start())
    stopping = asyncio.create_task(stop.wait())
    code = 0
    try:
        await asyncio.wait({starting, stopping, *serving}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            _log.info("ready")
            await asyncio.wait({stopping, *serving}, return_when=asyncio.FIRST_COMPLETED)
    except ModelUnavailable as error:
        _log.critical("cannot start", reason=error.message)
        code = 1
    else:
        if stopping.done():
            stop.clear()
            await _leave(application, stop, settings)
    for task in (starting, stopping):
        task.cancel()
    for listener, _ in listeners:
        listener.should_exit = True
    await asyncio.gather(starting, stopping, *serving, return_exceptions=True)
    return code


async def _leave(application: Application, stop: asyncio.Event, settings: Settings) -> None:
    """Unready first, then refuse new work, then wait for the accepted; a second signal hurries."""
    lifecycle = application.lifecycle
    _log.info("stopping", in_flight=lifecycle.in_flight)
    lifecycle.leave()
    hurry = asyncio.create_task(stop.wait())
    await asyncio.wait({hurry}, timeout=settings.shutdown_delay)
    lifecycle.drain()
    idle = asyncio.create_task(lifecycle.wait_idle(settings.shutdown_grace))
    await asyncio.wait({hurry, idle}, return_when=asyncio.FIRST_COMPLETED)
    if lifecycle.in_flight:
        _log.warning("stopping with requests unanswered", in_flight=lifecycle.in_flight)
    for task in (hurry, idle):
        task.cancel()

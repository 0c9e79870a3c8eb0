"""Runs the composed service: listens, starts the model, leaves without losing what it accepted."""

import asyncio
import contextlib
import errno
import logging
import signal
import socket
from collections.abc import Iterator, Sequence
from typing import Any, cast

import structlog
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from embedding_service.api.middleware.answering import BrokenAnswer
from embedding_service.app import Application, build_application
from embedding_service.errors import InvalidRequest, ModelUnavailable
from embedding_service.heap import settle
from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.inference.workers.hosts import Zygote
from embedding_service.joining import JoinedWrites
from embedding_service.settings import Settings
from embedding_service.telemetry.traces import AsgiApp

_log = structlog.get_logger(__name__)

_KEEP_ALIVE = 75
"""Seconds an idle connection is kept: longer than proxies keep theirs (60 s)."""
_LARGEST_HEAD = 65_536
"""Bytes of a request that may come before its body, or after it as trailers."""
_LAST_WORDS = 2
"""Seconds for answers that are being written when the grace time ends."""


class CannotListen(OSError):
    """Host and port cannot be had together; the message says which setting is to blame."""


class _Listener(uvicorn.Server):
    """uvicorn without signal handling: one owner decides for all listeners."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the owner."""
        yield


class _Connection(HttpToolsProtocol):
    """uvicorn's, with a bound on heads, and no answer written in two pieces or too late.

    uvicorn itself keeps headers without a bound (measured: 280 MB of them took 5.7 GB), and when a
    connection ends it tells the newest of its requests instead of the one that is worked on.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._since_progress = 0
        self._under_way: RequestResponseCycle | None = None

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._since_progress += len(data)
        super().data_received(data)
        if self._since_progress > _LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("Request head too large.")

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        self._since_progress = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Called by the parser."""
        self._since_progress = 0
        super().on_body(body)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP, and close."""
        self._end_request()
        super().send_400_response(msg)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        self._end_request()
        super().connection_lost(exc)

    def on_response_complete(self) -> None:
        """Called when an answer is complete, which may have been a head alone."""
        if self._under_way is not None:
            cast(JoinedWrites, self._under_way.transport).flush()
        super().on_response_complete()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._under_way = cycle
        cycle.transport = cast(asyncio.Transport, JoinedWrites(cycle.transport))
        super()._start_asgi_task(cycle, app)

    def _end_request(self) -> None:
        if self._under_way is not None and not self._under_way.response_complete:
            self._under_way.disconnected = True
            self._under_way.message_event.set()


def open_port(host: str, port: int, setting: str) -> socket.socket:
    """A socket bound to `port`, on which a listener can listen. Raises CannotListen.

    `setting` is the one that `port` comes from.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        advice = _advise(error, setting)
        raise CannotListen(
            f"cannot listen on {host}:{port} ({error.strerror}); {advice}"
        ) from error
    return listening


def _advise(error: OSError, setting: str) -> str:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return "set SERVICE_HOST to an address of this machine"
    if error.errno == errno.EACCES:
        return f"this user may not take that port; set {setting} to one from 1024 on"
    return f"stop what does, or set {setting}"


async def serve(settings: Settings, zygote: Zygote | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. Raises as `open_port`, `build_application`."""
    with contextlib.ExitStack() as sockets:
        port = sockets.enter_context(
            open_port(settings.service_host, settings.service_port, "SERVICE_PORT")
        )
        application = build_application(settings, zygote)
        listeners = [_listen(application.api, port)]
        others = [(settings.admin_port, "ADMIN_PORT", application.admin)]
        if settings.metrics_enabled:
            others.append((settings.metrics_port, "METRICS_PORT", application.metrics))
        for number, setting, app in others:
            if number is not None:
                own = sockets.enter_context(open_port(settings.service_host, number, setting))
                listeners.append(_listen(app, own))
        logging.getLogger("uvicorn.error").addFilter(_is_news)
        _log.info("listening", host=settings.service_host, port=port.getsockname()[1])
        try:
            return await _run(application, listeners, settings)
        finally:
            await application.close()


def _is_news(record: logging.LogRecord) -> bool:
    """Whether uvicorn tells what our access log does not: of a broken answer that has a line."""
    return not (record.exc_info and isinstance(record.exc_info[1], BrokenAnswer))


def _listen(app: AsgiApp, listening: socket.socket) -> tuple[_Listener, asyncio.Task[None]]:
    config = uvicorn.Config(
        app,
        http=_Connection,
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
    """Start the model and the indexes behind the open port, then wait to be told to stop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = [task for _, task in listeners]
    starting = asyncio.create_task(application.start())
    stopping = asyncio.create_task(stop.wait())
    code = 0
    try:
        await asyncio.wait({starting, stopping, *serving}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            settle()
            _log.info("ready")
            await asyncio.wait({stopping, *serving}, return_when=asyncio.FIRST_COMPLETED)
    except (InvalidRequest, ModelUnavailable, RecordUnavailable) as error:
        _log.critical("cannot start", reason=error.message)
        code = 1
    else:
        if _tell_ended(serving):
            code = 1
        elif stopping.done():
            stop.clear()
            await _leave(application, stop, settings)
    for task in (starting, stopping):
        task.cancel()
    for listener, _ in listeners:
        listener.should_exit = True
    await asyncio.gather(starting, stopping, *serving, return_exceptions=True)
    return code


def _tell_ended(serving: Sequence[asyncio.Task[None]]) -> bool:
    """Whether a listener has ended that nobody told to."""
    ended = [task for task in serving if task.done()]
    for task in ended:
        error = None if task.cancelled() else task.exception()
        _log.critical("a listener has ended by itself", reason=repr(error))
    return bool(ended)


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

"""One line an event on one stream, from structlog and the standard library's logging alike.

Only the program's start configures logs; rooms say `structlog.get_logger(__name__)` and are done.
Whatever a caller passes goes through `redaction` before it is written, so that a request logged by
mistake does not show its texts, nor an exception what it choked on.
"""

import json
import logging
import sys
import threading
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any, Literal, TextIO, TypeAlias

import orjson
import structlog
from structlog.typing import EventDict, Processor

from embedding_service.telemetry.redaction import render_traceback, summarise, to_plain

LogFormat: TypeAlias = Literal["auto", "json", "console"]
LogLevel: TypeAlias = Literal["debug", "info", "warning", "error"]

_FIRST_KEYS = ("timestamp", "level", "event", "logger")


def configure_logs(format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:  # noqa: A002  the setting's own name
    """Send every log line of this process to `stream` (standard error by default).

    Called once, by the program's start; loggers already in use keep the stream they began with.
    Uncaught exceptions of threads and of the program itself become log lines too.
    """
    stream = sys.stderr if stream is None else stream
    is_json = format == "json" or (format == "auto" and not stream.isatty())
    handler = _LineHandler(stream)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.stdlib.add_logger_name,
            _render_exception,
            _keep_plain,
            *(_json_renderers() if is_json else _console_renderers(stream)),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda name="embedding_service": _NamedLogger(name, handler),
        cache_logger_on_first_use=True,
    )
    _route_logging(handler, logging.getLevelNamesMapping()[level.upper()])
    _route_uncaught()


def adopt_loggers() -> None:
    """Bring loggers with a stream handler of their own under ours.

    transformers, huggingface_hub and torch install one when imported: call this afterwards.
    """
    for logger in tuple(logging.root.manager.loggerDict.values()):
        if not isinstance(logger, logging.Logger):
            continue
        for handler in tuple(logger.handlers):
            if isinstance(handler, logging.StreamHandler) and not isinstance(
                handler, logging.FileHandler
            ):
                logger.removeHandler(handler)
                logger.propagate = True


class _LineHandler(logging.Handler):
    """The one writer, for both kinds of loggers; logging keeps its lock sound across forks."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        """Log a foreign record as if it had been structlog's."""
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        error = record.exc_info[1] if record.exc_info else None
        structlog.get_logger(record.name).log(level, _foreign_event(record), exc_info=error)

    def write(self, line: str) -> None:
        """Write one whole line. A stream that is gone or full must not take the service with it."""
        self.acquire()
        try:
            with suppress(OSError, ValueError):
                self._stream.write(line + "\n")
                self._stream.flush()
        finally:
            self.release()


class _NamedLogger:
    """What structlog wraps: takes a rendered line at any level."""

    def __init__(self, name: str, handler: _LineHandler) -> None:
        self.name = name
        self.debug = self.info = self.warning = self.error = self.critical = handler.write


def _json_renderers() -> tuple[Processor, ...]:
    return (structlog.processors.TimeStamper(fmt="iso", utc=True), _render_json)


def _console_renderers(stream: TextIO) -> tuple[Processor, ...]:
    return (
        structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(
            colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    )


def _route_logging(handler: _LineHandler, level: int) -> None:
    logging.captureWarnings(capture=True)
    adopt_loggers()
    logging.root.handlers[:] = [handler]
    # Libraries get through with what somebody must act on; with everyday talk while debugging only.
    logging.root.setLevel(logging.INFO if level == logging.DEBUG else max(level, logging.WARNING))
    for ours in ("embedding_service", "uvicorn.error"):
        logging.getLogger(ours).setLevel(level)
    # The API writes the line of a request itself; this one would add paths and query strings.
    logging.getLogger("uvicorn.access").propagate = False


def _route_uncaught() -> None:
    log = structlog.get_logger("embedding_service")

    def log_program(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("the program died of an uncaught exception", exc_info=error)

    def log_thread(uncaught: threading.ExceptHookArgs) -> None:
        name = uncaught.thread.name if uncaught.thread else None
        log.error(
            "a thread died of an uncaught exception", thread=name, exc_info=uncaught.exc_value
        )

    def log_unraisable(ignored: "sys.UnraisableHookArgs") -> None:
        log.error("an exception could not be raised", exc_info=ignored.exc_value)

    sys.excepthook = log_program
    threading.excepthook = log_thread
    sys.unraisablehook = log_unraisable


def _foreign_event(record: logging.LogRecord) -> str:
    event = str(_without_message(record.msg))
    with suppress(Exception):  # arguments are strangers' objects; logging must not raise
        if isinstance(record.args, Mapping):
            event %= {key: _without_message(value) for key, value in record.args.items()}
        elif record.args:
            event %= tuple(map(_without_message, record.args))
    # asyncio puts the repr of a failed task on further lines, and with it the exception's message.
    return event.partition("\n")[0] if record.name == "asyncio" else event


def _without_message(value: object) -> object:
    return summarise(value) if isinstance(value, BaseException) else value


def _render_exception(_: object, __: str, event: EventDict) -> EventDict:
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = render_traceback(error)
    return event


def _keep_plain(_: object, __: str, event: EventDict) -> EventDict:
    for key, value in event.items():
        event[key] = to_plain(value)
    return event


def _render_json(_: object, __: str, event: MutableMapping[str, Any]) -> str:
    ordered = {key: event.pop(key) for key in _FIRST_KEYS if key in event}
    ordered.update(event)
    try:
        return orjson.dumps(ordered).decode()
    except TypeError:  # a lone surrogate or an integer beyond 64 bits
        return json.dumps(ordered)

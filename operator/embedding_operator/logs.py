"""Log lines: JSON, or for people; kopf's and the libraries' the same as ours."""

import logging
import sys
from typing import Any

import structlog

from embedding_operator.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Once, at the start."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    is_json = settings.log_format == "json"
    last = structlog.processors.JSONRenderer() if is_json else structlog.dev.ConsoleRenderer()
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processor=last)
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level.upper())
    logging.getLogger("kopf").setLevel(logging.WARNING)  # one line for each event otherwise
    # That it leaves signals alone, which is as it is to be.
    logging.getLogger("kopf._core.reactor.running").setLevel(logging.ERROR)

"""Logging is the process's own: what a test configures is put back."""

import logging
import sys
import threading
from collections.abc import Iterator

import pytest
import structlog

_NAMED = ("embedding_service", "uvicorn.error", "uvicorn.access")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    loggers = [logging.root, *map(logging.getLogger, _NAMED)]
    kept = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    yield
    logging.captureWarnings(capture=False)
    for logger, handlers, level, propagate in kept:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()

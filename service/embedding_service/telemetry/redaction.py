"""What of a value may be kept in logs: nothing that could quote a user's text.

A foreign exception's message often quotes what it choked on (a UnicodeEncodeError carries the whole
string), so messages pass by class only; for all others the type and the frames must do. Frames show
source lines, never the values of variables.
"""

import traceback
from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from numbers import Integral, Real
from pathlib import PurePath
from typing import Any

from embedding_service.errors import ServiceError

_MOST_FRAMES = 50
_MOST_ERRORS = 20
"""Of one chain or group: a RecursionError must not become a megabyte of log."""

# Made by the interpreter or by torch out of names, numbers and devices. Torch's go by name, because
# importing them would import torch.
_TRUSTED = (ImportError, MemoryError)
_TRUSTED_NAMES = frozenset({"torch.OutOfMemoryError", "torch.AcceleratorError"})

_ALREADY_PLAIN = frozenset({str, int, float, bool, type(None)})

_CAUSED = "\nThe above exception was the direct cause of the following exception:\n"
_DURING = "\nDuring handling of the above exception, another exception occurred:\n"


def to_plain(value: object) -> object:
    """Reduce `value` to what JSON has; of an object without such a form only its type is left."""
    if type(value) in _ALREADY_PLAIN:
        return value
    for kinds, reduce in _REDUCTIONS:
        if isinstance(value, kinds):
            return reduce(value)
    return f"<{type(value).__qualname__}>"


def summarise(error: BaseException) -> str:
    """Return `Type: message`, or `Type` alone where the message might quote a user."""
    kind = type(error)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        name = f"{kind.__module__}.{name}"
    message = _safe_message(error)
    return f"{name}: {message}" if message else name


def render_traceback(error: BaseException) -> str:
    """Render `error` with its causes the way Python does, earliest first, by the rules above."""
    return "\n".join(_lines_of(error, set()))


def _safe_message(error: BaseException) -> str:
    if isinstance(error, ServiceError):
        return error.message
    if isinstance(error, OSError):
        # What the system said. The file's name stays out: libraries try texts as paths.
        return f"[Errno {error.errno}] {error.strerror}" if error.errno is not None else ""
    names = (f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__)
    if isinstance(error, _TRUSTED) or not _TRUSTED_NAMES.isdisjoint(names):
        return str(error)
    return ""


def _lines_of(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen or len(seen) == _MOST_ERRORS:
        return
    seen.add(id(error))
    if error.__cause__ is not None:
        yield from _lines_of(error.__cause__, seen)
        yield _CAUSED
    elif error.__context__ is not None and not error.__suppress_context__:
        yield from _lines_of(error.__context__, seen)
        yield _DURING
    if frames := traceback.extract_tb(error.__traceback__, limit=-_MOST_FRAMES):
        yield "Traceback (most recent call last):"
        yield from (line.rstrip("\n") for line in traceback.format_list(frames))
    yield summarise(error)
    if isinstance(error, BaseExceptionGroup):
        for number, part in enumerate(error.exceptions, start=1):
            yield f"--- part {number} of {len(error.exceptions)} ---"
            yield from _lines_of(part, seen)


_REDUCTIONS: tuple[tuple[type | tuple[type, ...], Callable[[Any], object]], ...] = (
    (Enum, lambda value: to_plain(value.value)),
    ((str, PurePath), str),
    (Integral, int),
    (Real, float),
    (BaseException, summarise),
    (Mapping, lambda value: {str(key): to_plain(item) for key, item in value.items()}),
    ((list, tuple, set, frozenset), lambda value: [to_plain(item) for item in value]),
)
"""In this order: an Enum may also be a string, and numpy's scalars are Integral or Real."""

"""What a caller says of its request by headers: how urgent it is, and how long it may take.

The same on every route that makes vectors of texts. Whose it is stands in no header: the key tells.
"""

import re
from typing import Final

from starlette.requests import Request

from embedding_service.api.exchange import exchange_of
from embedding_service.api.headers import PRIORITY, REQUEST_TIMEOUT
from embedding_service.api.parameters import Parameter
from embedding_service.errors import InvalidRequest, Issue
from embedding_service.inference.requests import Terms, TrafficClass
from embedding_service.settings import EngineSettings

_SECONDS: Final = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_CLASSES: Final = [traffic.value for traffic in TrafficClass]

TERMS: Final = (
    Parameter(
        PRIORITY,
        "header",
        {"type": "string", "enum": _CLASSES},
        "`interactive` where somebody waits for the answer: it goes before `bulk`. Without it up "
        "to 16 texts are `interactive`; more texts, a batch, and documents to add are `bulk`.",
    ),
    Parameter(
        REQUEST_TIMEOUT,
        "header",
        {"type": "number", "exclusiveMinimum": 0},
        "Seconds that making the vectors may take, waiting included. After them the answer is 504 "
        "and what was not begun is dropped. No more than the server's REQUEST_TIMEOUT, which holds "
        "without it.",
    ),
)


def terms_of(request: Request, settings: EngineSettings) -> Terms:
    """What is said of `request`. Raises InvalidRequest."""
    return Terms(
        traffic=_priority_of(request),
        timeout=_timeout_of(request, settings.request_timeout),
        caller=exchange_of(request.scope).key or "",
    )


def _priority_of(request: Request) -> TrafficClass | None:
    given = request.headers.getlist(PRIORITY)
    if not given:
        return None
    if len(given) > 1 or given[0].strip().lower() not in _CLASSES:
        raise _wrong(PRIORITY, "must be `interactive` or `bulk`")
    return TrafficClass(given[0].strip().lower())


def _timeout_of(request: Request, most: float) -> float | None:
    given = request.headers.getlist(REQUEST_TIMEOUT)
    if not given:
        return None
    is_number = len(given) == 1 and _SECONDS.fullmatch(given[0].strip())
    if not is_number or float(given[0]) <= 0:
        raise _wrong(REQUEST_TIMEOUT, "must be a number of seconds above 0, for example 2.5")
    return min(float(given[0]), most)


def _wrong(name: str, message: str) -> InvalidRequest:
    return InvalidRequest(f"{name} {message}", [Issue(message, path=name)])

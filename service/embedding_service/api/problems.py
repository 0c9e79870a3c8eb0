"""The one table from errors to HTTP: which status, under which title, with which headers.

How a problem is written down is the dialect's business (dialects.py); docs/errors.md is made from
this table.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException

from embedding_service import errors
from embedding_service.api import refusals
from embedding_service.api.headers import FINGERPRINT, sane
from embedding_service.api.problem_rows import OF_INDEXES, Row, TeiType
from embedding_service.errors import Issue, ServiceError
from embedding_service.indexes.errors import ManagedElsewhere


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as a caller will see it."""

    status: int
    code: str
    title: str
    detail: str
    tei: TeiType
    issues: tuple[Issue, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


TABLE: Mapping[type[ServiceError], Row] = {
    ServiceError: Row(
        500,
        "Internal error",
        "Backend",
        "A fault of the server's own; its log has it under the request's id.",
    ),
    errors.InvalidRequest: Row(
        422,
        "Invalid request",
        "Validation",
        "Something in the request is wrong; `errors`, or the message, says where.",
    ),
    errors.TextTooLong: Row(
        422,
        "Text too long",
        "Validation",
        "A text has more tokens than the model reads, and `truncate` is false.",
    ),
    errors.TokenIdOutOfRange: Row(
        400,
        "Token id out of range",
        "Validation",
        "The token ids are not of the served model's vocabulary.",
    ),
    errors.TooLarge: Row(
        413,
        "Too large",
        "Validation",
        "More than the server takes at once; send less. The message names the limit.",
    ),
    errors.ModelNotServed: Row(
        404,
        "Model not served",
        "Validation",
        "The server does not serve this model; the message lists those it does.",
    ),
    errors.FingerprintMismatch: Row(
        409,
        "Fingerprint mismatch",
        "Validation",
        "The request is for another model than the one served; `X-Embedding-Fingerprint` tells it.",
    ),
    errors.Overloaded: Row(
        429,
        "Overloaded",
        "Overloaded",
        "Too much is waiting already; come back after `Retry-After` seconds.",
    ),
    errors.Unavailable: Row(
        503,
        "Unavailable",
        "Unhealthy",
        "It cannot be served at the moment; come back after `Retry-After` seconds.",
    ),
    errors.DeadlineExceeded: Row(
        504,
        "Deadline exceeded",
        "Backend",
        "Not done in the time a request may take; send fewer texts at once.",
    ),
    errors.ModelUnavailable: Row(
        503,
        "Model unavailable",
        "Unhealthy",
        "The model cannot be loaded; its operator must act, coming back does not help.",
    ),
    errors.InferenceFailed: Row(
        500,
        "Inference failed",
        "Backend",
        "The model fails on one of the texts, again when it is alone.",
    ),
    errors.NonFiniteOutput: Row(
        500,
        "Non-finite output",
        "Backend",
        "The model made NaN or infinity of one of the texts; nobody gets that vector.",
    ),
    **OF_INDEXES,
    refusals.IndexesElsewhere: Row(
        404,
        "Indexes elsewhere",
        "Validation",
        "This server has no indexes (`DATABASE_URL=none`); another one has them.",
    ),
    refusals.MalformedBody: Row(
        400,
        "Malformed JSON",
        "Validation",
        "The body is not JSON; the message says where.",
    ),
    refusals.NotAuthenticated: Row(
        401,
        "Unauthorized",
        "Validation",
        "The request has no key, or one that the server does not know.",
    ),
    refusals.UnknownRoute: Row(
        404,
        "Route not found",
        "Validation",
        "There is no such route; `/openapi.json` lists those that are.",
    ),
    refusals.MethodNotAllowed: Row(
        405,
        "Method not allowed",
        "Validation",
        "The route takes other methods; `Allow` names them.",
    ),
    refusals.UnsupportedContent: Row(
        415,
        "Unsupported media type",
        "Validation",
        "The body is not declared as uncompressed JSON in UTF-8.",
    ),
    refusals.StalledBody: Row(
        408,
        "Body stalled",
        "Validation",
        f"No byte of the body came for {refusals.STALLED_AFTER:g} seconds; send the request again.",
    ),
    refusals.RateLimited: Row(
        429,
        "Rate limited",
        "Overloaded",
        "The key's own rate or concurrency is used up; come back after `Retry-After` seconds.",
    ),
    refusals.Draining: Row(
        503,
        "Draining",
        "Unhealthy",
        "The server is shutting down; send the request again, another one will take it.",
    ),
}
"""A class that is not listed takes the row of its nearest ancestor."""

_UNFORESEEN = "an error nobody foresaw; the server's log has it under this request's id"


def problem_of(error: Exception) -> Problem:
    """Tell `error` as a problem. An exception that is not of our tree tells nothing of itself."""
    if isinstance(error, HTTPException):
        error = _refusal_of(error)
    if not isinstance(error, ServiceError):
        error = ServiceError(_UNFORESEEN)
    row = row_of(type(error))
    return Problem(
        status=row.status,
        code=error.code,
        title=row.title,
        detail=error.message,
        tei=row.tei,
        issues=error.issues if isinstance(error, errors.InvalidRequest) else (),
        headers=_headers_of(error),
    )


def row_of(kind: type[ServiceError]) -> Row:
    """The row of `kind` or of its nearest ancestor."""
    return next(TABLE[ancestor] for ancestor in kind.__mro__ if ancestor in TABLE)


def _refusal_of(error: HTTPException) -> Exception:
    """The router's own refusals in our words; anything else it may raise stays what it is."""
    if error.status_code == 404:
        return refusals.UnknownRoute()
    if error.status_code == 405:
        allowed = (error.headers or {}).get("Allow", "")
        return refusals.MethodNotAllowed(", ".join(sorted(allowed.split(", "))))
    return error


def _headers_of(error: ServiceError) -> dict[str, str]:
    match error:
        case refusals.NotAuthenticated():
            fault = ', error="invalid_token"' if error.was_given else ""
            headers = {"WWW-Authenticate": f'Bearer realm="{error.realm}"{fault}'}
        case refusals.MethodNotAllowed():
            headers = {"Allow": sane(error.allowed)}
        case ManagedElsewhere():
            headers = {"Allow": "GET"}
        case errors.FingerprintMismatch():
            headers = {FINGERPRINT: sane(error.served)}
        case refusals.StalledBody():
            headers = {"Connection": "close"}  # whatever may still come is no next request
        case errors.Overloaded() | errors.Unavailable():
            headers = {"Retry-After": str(max(1, math.ceil(error.retry_after)))}
            if isinstance(error, refusals.Draining):
                headers["Connection"] = "close"  # keep-alive would lead the next request here again
        case _:
            headers = {}
    return headers

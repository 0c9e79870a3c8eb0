"""What the other server refuses, as if it had been refused here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from embedding_service import errors
from embedding_service.errors import Issue, ServiceError

_TEXT: Final = re.compile(r"texts\[(\d+)\]")
_MENDABLE: Final = {
    "invalid_request": errors.InvalidRequest,
    "text_too_long": errors.TextTooLong,
    "token_id_out_of_range": errors.TokenIdOutOfRange,
    "too_large": errors.InvalidRequest,
}
_FAILED: Final = {
    "inference_failed": errors.InferenceFailed,
    "non_finite_output": errors.NonFiniteOutput,
}
_NO_KEY: Final = (
    "the server at ENCODER_URL does not take this one's key; set ENCODER_API_KEY to one it knows"
)
_LATER: Final = 2.0
"""Seconds, where the other server does not tell."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a refusal is of."""

    seconds: float
    """That were allowed."""
    model: str | None = None
    """By its name; None is the default one."""
    fingerprint: str | None = None
    """That was wanted."""


@dataclass(frozen=True, slots=True)
class Problem:
    """An answer that is a refusal, as it was read."""

    status: int
    code: str
    detail: str
    issues: list[Issue]
    retry_after: float
    fingerprint: str
    """Of the model that the other server has; empty where that is not what it is about."""

    @property
    def is_draining(self) -> bool:
        """Whether another server takes the same request at once."""
        return self.code == "draining"

    def as_error(self, asked: Asked) -> ServiceError:
        """The error that stands for it here."""
        name = asked.model or "default"
        match self.code:
            case "invalid_request" | "text_too_long" | "token_id_out_of_range" | "too_large":
                error: ServiceError = _MENDABLE[self.code](self.detail, self.issues)
            case "inference_failed" | "non_finite_output":
                error = _FAILED[self.code](self.detail)
            case "overloaded" | "rate_limited":
                error = errors.Overloaded(self.detail, self.retry_after, "remote")
            case "fingerprint_mismatch":
                error = errors.FingerprintMismatch(name, str(asked.fingerprint), self.fingerprint)
            case "deadline_exceeded":
                error = errors.DeadlineExceeded(asked.seconds)
            case "model_not_found" | "model_unavailable":
                error = errors.ModelUnavailable(name, self.detail)
            case "unauthorized":
                error = errors.ModelUnavailable(name, _NO_KEY)
            case _:
                message = f"the server at ENCODER_URL answers with {self.status}: {self.detail}"
                error = errors.Unavailable(message, self.retry_after)
        return error


def read_problem(answer: httpx.Response) -> Problem:
    """An answer that is no success, whoever gave it."""
    told = _read_json(answer.content)
    errors_told = told.get("errors")
    issues = errors_told if isinstance(errors_told, list) else []
    given = answer.headers.get("Retry-After", "")
    return Problem(
        status=answer.status_code,
        code=str(told.get("code", "")),
        detail=str(told.get("detail", "no reason given")),
        issues=[_read_issue(each) for each in issues if isinstance(each, dict)],
        retry_after=float(given) if given.isdecimal() else _LATER,
        fingerprint=answer.headers.get("X-Embedding-Fingerprint", ""),
    )


def _read_json(content: bytes) -> Mapping[str, Any]:
    try:
        told = orjson.loads(content)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _read_issue(told: Mapping[str, Any]) -> Issue:
    path, message = str(told.get("path")), str(told.get("message"))
    if found := _TEXT.fullmatch(path):
        return Issue(message, position=int(found.group(1)))
    return Issue(message, path=None if path == "texts" else path)

"""Which API a path belongs to, and how each writes down a problem."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson
from starlette.responses import Response

from embedding_service.api.problems import Problem
from embedding_service.errors import Issue

_TEI_PATHS = frozenset({"/", "/embed", "/similarity", "/tokenize", "/decode", "/info"})


@dataclass(frozen=True, slots=True)
class _Words:
    """What differs between dialects when something went wrong."""

    media_type: str
    texts_field: str
    """Name of the field that holds the texts."""


class Dialect(Enum):
    """The three APIs over the same rooms."""

    NATIVE = _Words("application/problem+json", "texts")
    OPENAI = _Words("application/json", "input")
    TEI = _Words("application/json; charset=utf-8", "inputs")


def dialect_of(path: str) -> Dialect:
    """Unknown paths are native, but for those under OpenAI's prefix."""
    if path == "/v1" or path.startswith("/v1/"):
        return Dialect.OPENAI
    return Dialect.TEI if path in _TEI_PATHS else Dialect.NATIVE


def render(problem: Problem, dialect: Dialect, request_id: str) -> Response:
    """The answer that tells `problem`."""
    return Response(
        orjson.dumps(build_body(problem, dialect, request_id)),
        status_code=status_of(problem, dialect),
        headers=dict(problem.headers),
        media_type=dialect.value.media_type,
    )


def build_body(problem: Problem, dialect: Dialect, request_id: str) -> dict[str, Any]:
    """The answer's body, also used inside a stream that fails on its way."""
    return _BODIES[dialect](problem, request_id)


def status_of(problem: Problem, dialect: Dialect) -> int:
    """OpenAI knows no 422; its clients expect 400 where a request is wrong."""
    return 400 if dialect is Dialect.OPENAI and problem.status == 422 else problem.status


def _native_body(problem: Problem, request_id: str) -> dict[str, Any]:
    return {
        "type": f"urn:gpu-embedding:error:{problem.code}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
        "request_id": request_id,
        "errors": [
            {"path": _path_of(issue, Dialect.NATIVE), "message": issue.message}
            for issue in problem.issues
        ],
    }


def _openai_body(problem: Problem, _request_id: str) -> dict[str, Any]:
    first = problem.issues[0] if problem.issues else None
    return {
        "error": {
            "message": problem.detail,
            "type": _openai_type(problem.status),
            "param": _path_of(first, Dialect.OPENAI) if first else None,
            "code": problem.code,
        }
    }


def _openai_type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return {401: "authentication_error", 429: "rate_limit_error"}.get(
        status, "invalid_request_error"
    )


def _tei_body(problem: Problem, _request_id: str) -> dict[str, Any]:
    places = [_path_of(issue, Dialect.TEI) for issue in problem.issues[:1]]
    told = [f" ({place})" for place in places if place not in problem.detail]
    return {"error": "".join([problem.detail, *told]), "error_type": problem.tei}


def _path_of(issue: Issue, dialect: Dialect) -> str:
    field = issue.path or dialect.value.texts_field
    return field if issue.position is None else f"{field}[{issue.position}]"


_BODIES: Mapping[Dialect, Callable[[Problem, str], dict[str, Any]]] = {
    Dialect.NATIVE: _native_body,
    Dialect.OPENAI: _openai_body,
    Dialect.TEI: _tei_body,
}

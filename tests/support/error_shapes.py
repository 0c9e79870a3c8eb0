"""How each dialect writes down an error, told a second time and independently of the server."""

import json
from typing import Any, Literal, NoReturn, TypeAlias

from raw_http import Answer

Dialect: TypeAlias = Literal["native", "openai", "tei"]

_REFUSALS = {
    "native": {400, 404, 405, 413, 415, 422},
    "openai": {400, 404, 405, 413, 415},
    "tei": {400, 404, 405, 413, 415, 422},
}
_MEDIA_TYPES = {
    "native": "application/problem+json",
    "openai": "application/json",
    "tei": "application/json; charset=utf-8",
}
_NATIVE_KEYS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


def assert_refusal(answer: Answer, dialect: Dialect) -> None:
    """The caller is at fault, and is told so in the dialect's own shape."""
    assert answer.status in _REFUSALS[dialect], f"{answer.status}: {answer.body!r}"
    assert answer.headers["content-type"] == _MEDIA_TYPES[dialect]
    assert answer.headers["x-request-id"]
    if answer.status == 405:
        assert answer.headers["allow"]
    _CHECKS[dialect](read_json(answer.body), answer)


def read_json(body: bytes) -> Any:
    """The value of a body that is JSON by the letter: no NaN, no infinity."""
    return json.loads(body, parse_constant=_refuse_constant)


def _check_native(body: Any, answer: Answer) -> None:
    assert body.keys() == _NATIVE_KEYS
    assert body["status"] == answer.status
    assert body["request_id"] == answer.headers["x-request-id"]
    assert body["type"] == f"urn:gpu-embedding:error:{body['code']}"
    assert body["title"]
    assert body["detail"]
    for item in body["errors"]:
        assert item.keys() == {"path", "message"}
        assert item["path"]
        assert item["message"]


def _check_openai(body: Any, _answer: Answer) -> None:
    assert body.keys() == {"error"}
    error = body["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["message"]
    assert error["code"]
    assert error["param"] is None or error["param"]


def _check_tei(body: Any, _answer: Answer) -> None:
    assert body.keys() == {"error", "error_type"}
    assert body["error"]
    assert body["error_type"] == "Validation"


def _refuse_constant(name: str) -> NoReturn:
    raise AssertionError(f"{name} is no JSON")


_CHECKS = {"native": _check_native, "openai": _check_openai, "tei": _check_tei}

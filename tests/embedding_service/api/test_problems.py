"""Errors and what HTTP makes of them."""

from collections.abc import Iterator

import pytest
from starlette.exceptions import HTTPException

from apis import Api
from embedding_service import errors
from embedding_service.api import refusals
from embedding_service.api.dialects import Dialect, build_body, dialect_of
from embedding_service.api.problems import TABLE, problem_of, row_of
from embedding_service.errors import ServiceError
from native import GENERATE

ERRORS: list[tuple[ServiceError, int, int]] = [
    (errors.InvalidRequest("m"), 422, 400),
    (errors.TextTooLong("m"), 422, 400),
    (errors.TokenIdOutOfRange("m"), 400, 400),
    (errors.TooLarge("m", 1, "texts", "MAX_TEXTS"), 413, 413),
    (errors.ModelNotServed("m", ["n"]), 404, 404),
    (errors.FingerprintMismatch("m", "e" * 64, "f" * 64), 409, 409),
    (errors.Overloaded("m", 1.5, "queue"), 429, 429),
    (errors.Unavailable("m"), 503, 503),
    (errors.DeadlineExceeded(3), 504, 504),
    (errors.ModelUnavailable("r", "m"), 503, 503),
    (errors.InferenceFailed("m"), 500, 500),
    (errors.NonFiniteOutput("m"), 500, 500),
]
NATIVE_FIELDS = {"type", "title", "status", "detail", "code", "request_id", "errors"}


def kinds(base: type[ServiceError] = ServiceError) -> Iterator[type[ServiceError]]:
    yield base
    for kind in base.__subclasses__():
        if kind.__module__.startswith("embedding_service."):
            yield from kinds(kind)


def test_every_error_of_the_package_has_its_line() -> None:
    assert [kind.__name__ for kind in kinds() if kind not in TABLE] == []


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in TABLE]
    assert len(set(codes)) == len(codes)


def test_a_class_that_is_not_listed_takes_its_ancestors_line() -> None:
    class Odd(errors.Overloaded): ...

    assert row_of(Odd) is TABLE[errors.Overloaded]


@pytest.mark.parametrize(("error", "status", "openai"), ERRORS, ids=lambda it: type(it).__name__)
async def test_every_error_in_every_dialect(
    api: Api, error: ServiceError, status: int, openai: int
) -> None:
    api.embedder.failure = error
    native = await api.http.post(GENERATE, json={"texts": "a"})
    assert native.status_code == native.json()["status"] == status
    assert set(native.json()) == NATIVE_FIELDS
    assert native.json()["code"] == error.code
    assert native.json()["type"] == f"urn:gpu-embedding:error:{error.code}"
    assert native.json()["request_id"] == native.headers["x-request-id"]
    spoken = await api.http.post("/v1/embeddings", json={"input": "a"})
    assert spoken.status_code == openai
    assert set(spoken.json()["error"]) == {"message", "type", "param", "code"}
    assert spoken.json()["error"]["code"] == error.code
    tei = await api.http.post("/embed", json={"inputs": "a"})
    assert tei.status_code == status
    assert set(tei.json()) == {"error", "error_type"}
    assert error.message in tei.json()["error"]
    assert api.sample("embedding_refusals_total", reason=error.code) == 3


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.Overloaded("m", 0.0, "queue"), "1"),
        (errors.Overloaded("m", 1.2, "queue"), "2"),
        (errors.Unavailable("m", 30.0), "30"),
        (refusals.RateLimited("m", 1.0, "rate"), "1"),
    ],
)
def test_whoever_may_come_back_is_told_when(error: Exception, told: str) -> None:
    assert problem_of(error).headers["Retry-After"] == told


def test_a_draining_server_ends_the_connection() -> None:
    assert problem_of(refusals.Draining()).headers["Connection"] == "close"


@pytest.mark.parametrize(
    ("was_given", "told"),
    [(False, 'Bearer realm="gpu-embedding"'),
     (True, 'Bearer realm="gpu-embedding", error="invalid_token"')],
)  # fmt: skip
def test_whoever_lacks_a_key_is_told_the_scheme(was_given: bool, told: str) -> None:
    problem = problem_of(refusals.NotAuthenticated(was_given=was_given))
    assert problem.headers["WWW-Authenticate"] == told


@pytest.mark.parametrize("error", [ValueError("secret"), HTTPException(418, "secret")])
def test_an_unforeseen_error_tells_nothing_of_itself(error: Exception) -> None:
    problem = problem_of(error)
    assert (problem.status, problem.code) == (500, "internal_error")
    for dialect in Dialect:
        assert "secret" not in str(build_body(problem, dialect, "id"))


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1/embeddings", Dialect.OPENAI),
        ("/v1/unknown", Dialect.OPENAI),
        ("/v1", Dialect.OPENAI),
        ("/v10", Dialect.NATIVE),
        ("/embed", Dialect.TEI),
        ("/", Dialect.TEI),
        ("/info", Dialect.TEI),
        ("/health", Dialect.NATIVE),
        ("/api/v1/models", Dialect.NATIVE),
        ("/unknown", Dialect.NATIVE),
    ],
)
def test_the_path_tells_the_dialect(path: str, dialect: Dialect) -> None:
    assert dialect_of(path) is dialect


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/unknown", 404, "route_not_found"),
        ("GET", "/v1/unknown", 404, "route_not_found"),
        ("POST", "/health", 405, "method_not_allowed"),
        ("DELETE", "/v1/embeddings", 405, "method_not_allowed"),
        ("GET", "/embed", 405, "method_not_allowed"),
        ("GET", "/docs/static/unknown", 404, "route_not_found"),
        ("POST", "/health/", 404, "route_not_found"),
    ],
)
async def test_unknown_routes_and_methods_are_refused_in_their_dialect(
    api: Api, method: str, path: str, status: int, code: str
) -> None:
    response = await api.http.request(method, path)
    assert response.status_code == status
    body, dialect = response.json(), dialect_of(path)
    if dialect is Dialect.TEI:
        assert body["error_type"] == "Validation"
    else:
        assert (body["error"] if dialect is Dialect.OPENAI else body)["code"] == code


async def test_a_method_refused_names_those_allowed(api: Api) -> None:
    response = await api.http.get("/embed")
    assert response.headers["allow"] == "POST"

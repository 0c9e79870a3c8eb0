"""Refusals of the other server stand for the same errors here."""

from collections.abc import Callable

import httpx
import pytest

from embedding_service import errors
from embedding_service.api.dialects import Dialect, render
from embedding_service.api.problems import problem_of
from embedding_service.api.refusals import Draining, NotAuthenticated, RateLimited
from embedding_service.errors import Issue, ServiceError
from embedding_service.inference.remote.refusals import Asked, Problem, read_problem

ASKED = Asked(seconds=7, model="m", fingerprint="e" * 64)


def problem_for(error: ServiceError) -> Problem:
    """As the other server tells it."""
    answer = render(problem_of(error), Dialect.NATIVE, "r1")
    return read_problem(
        httpx.Response(answer.status_code, headers=dict(answer.headers), content=bytes(answer.body))
    )


@pytest.mark.parametrize(
    ("build", "kind"),
    [
        (lambda: errors.InvalidRequest("odd"), errors.InvalidRequest),
        (lambda: errors.TextTooLong("long"), errors.TextTooLong),
        (lambda: errors.TokenIdOutOfRange("out"), errors.TokenIdOutOfRange),
        (lambda: errors.TooLarge("much", 3, "texts", "MAX_TEXTS"), errors.InvalidRequest),
        (lambda: errors.InferenceFailed("failed"), errors.InferenceFailed),
        (lambda: errors.NonFiniteOutput("nan"), errors.NonFiniteOutput),
        (lambda: errors.ModelNotServed("m", ["n"]), errors.ModelUnavailable),
        (lambda: errors.ModelUnavailable("m", "gone"), errors.ModelUnavailable),
        (lambda: errors.Unavailable("later"), errors.Unavailable),
        (lambda: ServiceError("fault"), errors.Unavailable),
    ],
)
def test_an_error_is_one_of_its_kind(
    build: Callable[[], ServiceError], kind: type[ServiceError]
) -> None:
    error = build()
    told = problem_for(error).as_error(ASKED)
    assert type(told) is kind
    assert error.message in told.message


def test_issues_keep_their_places() -> None:
    issues = [Issue("is empty", position=3), Issue("is unknown", path="prompt_name")]
    told = problem_for(errors.InvalidRequest("odd", issues)).as_error(ASKED)
    assert isinstance(told, errors.InvalidRequest)
    assert list(told.issues) == issues


@pytest.mark.parametrize(
    "error", [errors.Overloaded("full", 11.2, "queue_full"), RateLimited("yours", 11.2, "rate")]
)
def test_the_time_to_come_back_passes_through(error: errors.Overloaded) -> None:
    told = problem_for(error).as_error(ASKED)
    assert isinstance(told, errors.Overloaded)
    assert (told.retry_after, told.reason) == (12.0, "remote")


def test_both_fingerprints_are_known() -> None:
    told = problem_for(errors.FingerprintMismatch("m", "e" * 64, "f" * 64)).as_error(ASKED)
    assert isinstance(told, errors.FingerprintMismatch)
    assert (told.expected, told.served) == ("e" * 64, "f" * 64)


def test_a_deadline_is_the_one_that_was_asked_for() -> None:
    told = problem_for(errors.DeadlineExceeded(7)).as_error(ASKED)
    assert isinstance(told, errors.DeadlineExceeded)
    assert "7 s" in told.message


def test_a_key_that_is_not_taken_names_the_setting() -> None:
    told = problem_for(NotAuthenticated(was_given=True)).as_error(ASKED)
    assert isinstance(told, errors.ModelUnavailable)
    assert "ENCODER_API_KEY" in told.message


def test_a_server_that_ends_is_told_apart() -> None:
    assert problem_for(Draining()).is_draining
    assert not problem_for(errors.Unavailable("loading")).is_draining


@pytest.mark.parametrize(
    "content",
    [b"<html>502 Bad Gateway</html>", b"[]", b"", b"\xff", b'{"errors": 3}', b'{"errors": [3]}'],
)
def test_whatever_stands_in_between_may_answer(content: bytes) -> None:
    told = read_problem(httpx.Response(502, content=content)).as_error(ASKED)
    assert isinstance(told, errors.Unavailable)
    assert "502" in told.message

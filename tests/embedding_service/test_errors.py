import copy
import pickle
import re

import pytest

from embedding_service import errors
from embedding_service.errors import (
    DeadlineExceeded,
    FingerprintMismatch,
    InferenceFailed,
    InvalidRequest,
    Issue,
    ModelNotServed,
    ModelUnavailable,
    NonFiniteOutput,
    Overloaded,
    ServiceError,
    TextTooLong,
    TokenIdOutOfRange,
    TooLarge,
    Unavailable,
)

EXAMPLES: list[ServiceError] = [
    InvalidRequest("no texts given", [Issue("give at least one text", path="texts")]),
    TextTooLong("too long", [Issue("has 600 tokens", position=3)]),
    TokenIdOutOfRange("token ids out of range"),
    TooLarge("20,000 texts in one request", 10_000, "texts", "MAX_TEXTS"),
    ModelNotServed("huge", ["mini", "large"]),
    FingerprintMismatch("mini", "e" * 64, "f" * 64),
    Overloaded("the queue is full", 1.5, "queue_full"),
    Unavailable("starting", 2.0),
    DeadlineExceeded(300.0),
    ModelUnavailable("org/model", "no such model"),
    InferenceFailed("failed alone"),
    NonFiniteOutput("NaN at position 3"),
]


KINDS = {
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, ServiceError) and kind is not ServiceError
}


def test_the_examples_are_all_there_is() -> None:
    assert {type(error) for error in EXAMPLES} == KINDS


def test_every_class_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in KINDS | {ServiceError}]
    assert len(codes) == len(set(codes))
    assert all(re.fullmatch(r"[a-z]+(_[a-z]+)*", code) for code in codes)


def test_every_class_is_in_the_drawn_tree() -> None:
    tree = errors.__doc__ or ""
    drawn = re.findall(r"[├└]── (\w+)", tree)
    assert set(drawn) == {kind.__name__ for kind in KINDS}


@pytest.mark.parametrize("error", EXAMPLES, ids=lambda error: type(error).__name__)
def test_an_error_survives_the_way_between_processes(error: ServiceError) -> None:
    for other in (pickle.loads(pickle.dumps(error)), copy.copy(error)):  # noqa: S301  our own bytes
        assert type(other) is type(error)
        assert str(other) == str(error) == other.message
        assert vars(other) == vars(error)


def test_too_large_names_the_limit_and_what_raises_it() -> None:
    error = TooLarge("20,000 texts in one request", 10_000, "texts", "MAX_TEXTS")
    assert error.message == (
        "20,000 texts in one request: the limit is 10,000 texts; send less, or raise MAX_TEXTS"
    )


def test_a_model_that_is_not_served_names_those_that_are() -> None:
    assert ModelNotServed("huge", ["mini", "large"]).message == (
        "model 'huge' is not served here; served are: mini, large"
    )


def test_a_missed_deadline_names_what_allows_more() -> None:
    assert "300 s" in DeadlineExceeded(300.0).message
    assert "REQUEST_TIMEOUT" in DeadlineExceeded(300.0).message

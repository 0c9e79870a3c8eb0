"""Refusals: early, from the measured rate, and honest about when to come back."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.errors import Overloaded
from embedding_service.inference.admission import Rate, admit, predict_wait


def refuse(queued: int = 0, wait: float = 0.0, max_wait: float = 30.0) -> Overloaded:
    with pytest.raises(Overloaded) as refusal:
        admit(tokens=10, queued=queued, wait=wait, max_queue_tokens=100, max_wait=max_wait)
    return refusal.value


def test_nothing_is_predicted_before_anything_was_measured() -> None:
    assert predict_wait(10**9, None, 1) == 0.0


def test_the_wait_is_what_is_ahead_over_the_rate_of_all_workers() -> None:
    assert predict_wait(1000, 100.0, 2) == 5.0


def test_a_wait_above_the_bound_is_refused_until_it_will_be_below() -> None:
    refusal = refuse(wait=45.2)
    assert refusal.retry_after == 16
    assert refusal.reason == "wait_too_long"


def test_a_full_queue_is_refused() -> None:
    assert refuse(queued=95).reason == "queue_full"


def test_a_request_alone_is_taken_however_large() -> None:
    admit(tokens=10**9, queued=0, wait=0.0, max_queue_tokens=100, max_wait=30.0)


def test_a_request_that_would_be_late_is_told_so_before_any_work() -> None:
    ask = partial(admit, tokens=1, queued=0, wait=5.0, max_queue_tokens=100, max_wait=30.0)
    ask(timeout=5.0)
    with pytest.raises(Overloaded, match="X-Request-Timeout") as refusal:
        ask(timeout=2.0)
    assert (refusal.value.reason, refusal.value.retry_after) == ("timeout_too_short", 3)


@given(st.floats(0.1, 1e6), st.floats(0.1, 1e6))
def test_whoever_is_refused_is_told_to_wait_at_least_a_second(wait: float, bound: float) -> None:
    if wait <= bound:
        admit(tokens=1, queued=0, wait=wait, max_queue_tokens=1, max_wait=bound)
        return
    refusal = refuse(wait=wait, max_wait=bound)
    assert refusal.retry_after >= 1
    assert wait - refusal.retry_after <= bound + 1e-9 * wait  # rounded


def test_the_rate_follows_what_is_measured() -> None:
    rate = Rate()
    rate.observe(100, 0.0)  # too short for the clock: says nothing
    rate.observe(100, 1.0)
    assert rate.tokens_per_second == 100
    for _ in range(60):
        rate.observe(900, 1.0)
    assert rate.tokens_per_second == pytest.approx(900, rel=0.01)


def test_short_forwards_say_little_of_how_fast_full_ones_are() -> None:
    rate = Rate()
    rate.observe(2_000, 1.0)
    for _ in range(100):
        rate.observe(10, 0.1, fullness=0.001)
    assert rate.tokens_per_second == pytest.approx(2_000, rel=0.05)

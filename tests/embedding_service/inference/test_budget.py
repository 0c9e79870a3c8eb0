"""The token budget: halved when memory runs out, given back later."""

from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.budget import BudgetGuard


def test_it_halves_and_recovers_step_by_step() -> None:
    guard = BudgetGuard(4096, 32)
    guard.shrink(4096, now=0.0)
    guard.shrink(2048, now=1.0)
    assert guard.current.tokens == 1024
    guard.recover(now=30.0)
    assert guard.current.tokens == 1024, "it must hold for a minute first"
    guard.recover(now=61.0)
    assert guard.current.tokens == 2048
    guard.recover(now=62.0)
    assert guard.current.tokens == 2048
    guard.recover(now=200.0)
    guard.recover(now=400.0)
    assert guard.current.tokens == 4096


def test_a_batch_below_the_budget_that_failed_sets_it_below_that_batch() -> None:
    guard = BudgetGuard(16_384, 32)
    guard.shrink(2_000, now=0.0)
    assert guard.current.tokens == 1_000


def test_what_is_measured_is_the_full_budget_from_then_on() -> None:
    guard = BudgetGuard(2048, 32, "default")
    guard.calibrate(512)
    assert (guard.current.tokens, guard.source) == (512, "measured")
    guard.shrink(512, now=0.0)
    guard.recover(now=100.0)
    guard.recover(now=200.0)
    assert guard.current.tokens == 512


def test_what_memory_ran_out_with_is_not_taken_again_because_it_would_be_fast() -> None:
    guard = BudgetGuard(16_384, 32, "default")
    guard.shrink(2_000, now=0.0)
    guard.calibrate(8_192)
    assert guard.current.tokens == 1_000


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 10_000), st.floats(0, 1e5))))
def test_it_never_leaves_its_bounds(steps: list[tuple[bool, int, float]]) -> None:
    guard = BudgetGuard(8192, 16)
    for is_failure, tokens, now in steps:
        if is_failure:
            guard.shrink(tokens, now)
        else:
            guard.recover(now)
        assert 256 <= guard.current.tokens <= 8192
        assert guard.current.texts == 16

"""Where more tokens in a forward stop being worth a longer wait."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.backends.base import Facts
from embedding_service.inference.calibration import Calibration, find_knee

REAL = Facts(
    dimension=384, max_length=512, architecture="BertModel", pooling="mean", backend="packed",
    device="cpu", device_name="a CPU", device_count=1, device_bytes=0, dtype="float32",
    leaves_prompt_out=False, vocabulary_size=30_000, tokenizer="", prompts={},
    default_prompt_name=None, versions={},
)  # fmt: skip


def measure(calibration: Calibration, fixed: float, each: float, most: float = 1e9) -> list[int]:
    """Have forwards take `fixed` seconds and `each` a token, at `most` tokens a second."""
    sizes: list[int] = []
    while calibration.has_more:
        batch = calibration.take()
        is_free: bool = calibration.has_more
        assert is_free is False, "one at a time"
        tokens = len(batch.ids)
        assert tokens == batch.lengths.sum()
        assert 0 <= batch.ids.min() <= batch.ids.max() < REAL.vocabulary_size
        sizes.append(tokens)
        calibration.observe(max(fixed + each * tokens, tokens / most))
    assert calibration.is_over
    return sizes


def test_the_knee_is_the_least_that_is_nearly_the_best() -> None:
    assert find_knee({128: 400.0, 256: 940.0, 512: 955.0, 1024: 1_000.0, 2048: 980.0}) == 512


def test_nothing_measured_is_no_knee() -> None:
    assert find_knee({}) is None


@given(st.dictionaries(st.integers(1, 10**6), st.floats(1e-3, 1e9), min_size=1))
def test_the_knee_was_measured_and_is_nearly_the_best(rates: dict[int, float]) -> None:
    knee = find_knee(rates)
    assert knee is not None
    assert rates[knee] >= 0.95 * max(rates.values())
    assert all(rate < 0.95 * max(rates.values()) for size, rate in rates.items() if size < knee)


def test_a_device_without_costs_of_its_own_needs_no_long_batches() -> None:
    calibration = Calibration(REAL, 2_048, 256)
    measure(calibration, fixed=0.0, each=1e-5)
    assert find_knee(calibration.rates) == 256


def test_a_device_with_high_ones_gets_long_batches() -> None:
    calibration = Calibration(REAL, 16_384, 256)
    measure(calibration, fixed=2e-3, each=1e-6)
    assert find_knee(calibration.rates) == 16_384


def test_every_size_is_measured_several_times_and_the_best_counts() -> None:
    calibration = Calibration(REAL, 1_024, 256)
    times = iter([9.0, 9.0e-3, 2e-3, 3e-3, 1e-3, 9e-3, 3e-3, 9e-3, 9e-3, 9e-3])
    while calibration.has_more:
        calibration.take()
        calibration.observe(next(times))
    expected = {256: 256 / 1e-3, 512: 512 / 2e-3, 1_024: 1_024 / 3e-3}
    assert calibration.rates == pytest.approx(expected)


@given(each=st.floats(1e-6, 1e-2), most=st.sampled_from([512, 2_048, 16_384]))
def test_it_takes_no_more_than_a_second_and_what_was_under_way(each: float, most: int) -> None:
    calibration = Calibration(REAL, most, 256)
    sizes = measure(calibration, fixed=1e-3, each=each)
    before_the_last = sum(1e-3 + each * tokens for tokens in sizes[1:-1])
    assert before_the_last <= 1.0
    tried_slow = [size for size in sizes if size > 256 and (1e-3 + each * size / 2) > 0.1]
    assert not tried_slow, "none beyond the one that took a tenth of a second"


@pytest.mark.parametrize(("backend", "most"), [("hashing", 2_048), ("packed", 0), ("packed", 256)])
def test_where_there_is_nothing_to_find_out_nothing_is_tried(backend: str, most: int) -> None:
    calibration = Calibration(replace(REAL, backend=backend), most, 256)
    assert calibration.is_over
    assert not calibration.has_more


def test_after_a_failure_nothing_more_is_tried() -> None:
    calibration = Calibration(REAL, 2_048, 256)
    for _ in range(2):
        calibration.take()
        calibration.observe(0.01)
    calibration.take()
    calibration.give_up()
    assert calibration.is_over
    assert find_knee(calibration.rates) == 256


def test_texts_are_no_longer_than_the_model_reads() -> None:
    batch = Calibration(replace(REAL, max_length=16), 2_048, 256).take()
    assert set(batch.lengths.tolist()) == {16}

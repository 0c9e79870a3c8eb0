"""Requests by the moment they were due, and answers by the moment they came."""

import pytest

from benchmarks.serving.generator.order import Calls
from benchmarks.serving.levers import LEVERS
from benchmarks.serving.loads import Bodies
from benchmarks.serving.parts import offered, soak
from benchmarks.serving.parts.ablation import compute_gain
from benchmarks.serving.stage.drive import Drive


def test_a_minute_has_the_requests_that_were_due_in_it() -> None:
    calls = Calls(
        [0] * 4, [0.0, 59.0, 61.0, 119.0], [0.1, 5.0, 0.2, 0.3], [200, 200, 200, 429], 120.0
    )
    first, second = soak.summarise(calls, 60.0, [500.0, 510.0])
    assert first == [1, pytest.approx(2 / 60), pytest.approx(2_550), pytest.approx(4_951), 500.0, 0]
    assert second[1:] == [pytest.approx(1 / 60), pytest.approx(200), pytest.approx(200), 510.0, 1]


def test_goodput_counts_what_came_after_the_backlog_had_built_up() -> None:
    drive = Drive(Bodies([["a"]], [[3]]), seconds=30.0, rate=1.0)
    calls = Calls(
        bodies=[0] * 5, started=[1.0, 9.0, 12.0, 20.0, 29.0], seconds=[1.0, 2.0, 2.0, 0.0, 4.0],
        statuses=[200, 200, 200, 429, 200], elapsed=33.0, late=0.002,
    )  # fmt: skip
    point = dict(zip(offered.COLUMNS, offered.summarise(calls, 1.2, drive), strict=True))
    assert point["goodput_per_second"] == pytest.approx(2 / 20)
    assert point["p50_ms"] == pytest.approx(3_000)
    assert point["refused_share"] == pytest.approx(1 / 3)
    assert point["failed"] == 0
    assert point["late_ms"] == pytest.approx(2)


@pytest.mark.parametrize(("is_added", "gain"), [(False, 2.0), (True, 0.5)])
def test_a_gain_is_of_the_lever_whether_it_is_added_or_taken_away(
    is_added: bool, gain: float
) -> None:
    lever = next(each for each in LEVERS if each.is_added == is_added)
    assert compute_gain(lever, default=10.0, other=5.0) == gain

"""Cores in use, by what pods say of their CPU time."""

from datetime import timedelta
from typing import Any

import pytest

from embedding_indexes import NOW
from embedding_operator.observe.usage import Reading, count_cores, take_reading
from observed import a_report


def read(*told: tuple[float, float], **last: Any) -> tuple[Reading, ...]:
    """Of one pod, told at some second to have used so many; the last one is as `last` says."""
    readings: tuple[Reading, ...] = ()
    for place, (second, used) in enumerate(told):
        given: dict[str, Any] = {"instance": "i", "ready": True, "sharing": frozenset({"a"})}
        given |= last if place == len(told) - 1 else {}
        sharing = given.pop("sharing")
        report = a_report(**given, load={"cpu_seconds": used})
        readings = take_reading(readings, report, NOW + timedelta(seconds=second), sharing)
    return readings


@pytest.mark.parametrize(
    ("told", "cores"),
    [
        ([], None),
        ([(0, 7)], None),
        ([(0, 7), (5, 9.5)], 0.5),
        ([(0, 7), (5, 7)], 0),
        ([(0, 0), (5, 10), (10, 10)], 1),
        ([(0, 0), (60, 30)], 0.5),
        ([(0, 0), (5, 100), (20, 100), (40, 100)], 0),
    ],
)
def test_the_mean_of_some_seconds_counts(
    told: list[tuple[float, float]], cores: float | None
) -> None:
    assert count_cores(read(*told)) == cores


@pytest.mark.parametrize(
    "last", [{"instance": "another"}, {"ready": False}, {"sharing": frozenset({"a", "b"})}]
)
def test_they_begin_anew_with_a_process_with_readiness_and_with_other_pods(
    last: dict[str, Any],
) -> None:
    assert count_cores(read((0, 0), (5, 5), (10, 10))) == 1
    assert count_cores(read((0, 0), (5, 5), (10, 10), **last)) is None


@pytest.mark.parametrize("told", [(5, 10), (9, 7), (-9, 20)])
def test_a_clock_set_back_or_time_that_got_lost_is_no_load(told: tuple[float, float]) -> None:
    assert count_cores(read((5, 9), told)) is None


def test_readings_do_not_grow_for_ever() -> None:
    assert len(read(*((second, second) for second in range(0, 600, 5)))) <= 5

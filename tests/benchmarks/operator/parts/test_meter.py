"""How busy a process was is told from looks at its clock."""

import pytest

from benchmarks.operator.parts.meter import find_busiest


def test_the_busiest_ten_looks_count() -> None:
    idle = [(float(second), 0.0, 0) for second in range(20)]
    busy = [(20.0 + second, 0.5 * second, 0) for second in range(20)]
    assert find_busiest([*idle, *busy]) == pytest.approx(0.5)


def test_a_short_time_is_told_too() -> None:
    assert find_busiest([(0.0, 0.0, 0), (1.0, 0.25, 0), (2.0, 1.0, 0)]) == pytest.approx(0.75)

"""What was never acted on spoils its percentile."""

import math

from benchmarks.operator.parts.changes import tell
from benchmarks.results import Result


def test_percentiles_are_of_what_was_measured() -> None:
    result = Result()
    tell(result, "change", [0.1] * 95 + [0.2] * 5)
    assert result.figures["changes"] == 100
    assert result.figures["change_p50_seconds"] == 0.1
    assert result.figures["change_p99_seconds"] == 0.2


def test_a_change_that_nobody_acted_on_is_infinitely_late() -> None:
    result = Result()
    tell(result, "change", [0.1, 0.2, None])
    assert result.figures["change_p50_seconds"] == 0.2
    assert math.isinf(result.figures["change_p95_seconds"])

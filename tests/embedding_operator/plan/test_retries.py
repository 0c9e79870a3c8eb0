"""When work is done again that a store or a database has failed."""

from datetime import timedelta

import pytest

from embedding_indexes import NOW
from embedding_operator.plan.retries import is_due
from observed import a_job, an_outage


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 10), (2, 20), (4, 80), (5, 160), (6, 300), (99, 300)]
)
def test_each_try_waits_twice_as_long_up_to_five_minutes(attempts: int, seconds: int) -> None:
    age = timedelta(seconds=seconds)
    assert is_due(an_outage(age=age, attempts=attempts), NOW)
    assert not is_due(an_outage(age=age - timedelta(seconds=1), attempts=attempts), NOW)


def test_what_tells_no_time_is_due() -> None:
    assert is_due(a_job("failed"), NOW)

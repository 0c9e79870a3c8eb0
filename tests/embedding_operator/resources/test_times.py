"""Moments are written and read as Kubernetes does."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from embedding_operator.resources.times import read_time, write_time

MOMENT = datetime(2026, 11, 28, 3, 25, 55, tzinfo=UTC)


def test_a_moment_is_written_in_utc_with_whole_seconds() -> None:
    assert write_time(MOMENT + timedelta(microseconds=999_999)) == "2026-11-28T03:25:55Z"


def test_a_moment_of_another_zone_is_the_same_moment() -> None:
    berlin = timezone(timedelta(hours=1))
    assert write_time(MOMENT.astimezone(berlin)) == "2026-11-28T03:25:55Z"


@pytest.mark.parametrize("text", ["2026-11-28T03:25:55Z", "2026-11-28T04:25:55+01:00"])
def test_a_moment_is_read_with_its_zone(text: str) -> None:
    assert read_time(text) == MOMENT


def test_what_was_written_is_read_again() -> None:
    assert read_time(write_time(MOMENT)) == MOMENT


def test_what_is_no_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="yesterday"):
        read_time("yesterday")

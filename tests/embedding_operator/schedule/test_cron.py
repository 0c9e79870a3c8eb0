"""Slots of a cron expression, also where clocks change."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_operator.schedule.cron import (
    BadSchedule,
    check_schedule,
    following,
    preceding,
)

BERLIN = "Europe/Berlin"
MOMENTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(  # noqa: DTZ001  in UTC below
    lambda moment: moment.replace(tzinfo=UTC)
)
SCHEDULES = st.sampled_from(
    ["0 3 * * *", "30 2 * * *", "*/15 * * * *", "0 * * * *", "0 0 1 * *", "0 2 * * 0"]
)


def slots(expression: str, zone: str, start: datetime, count: int) -> list[str]:
    found = []
    for _ in range(count):
        start = following(expression, zone, start)
        found.append(f"{start.astimezone(ZoneInfo(zone)):%m-%d %H:%M%z}")
    return found


def test_a_slot_is_after_the_moment_or_before_it_never_the_moment_itself() -> None:
    three = datetime(2026, 3, 10, 3, tzinfo=UTC)
    assert following("0 3 * * *", "UTC", three) == three + timedelta(days=1)
    assert preceding("0 3 * * *", "UTC", three) == three - timedelta(days=1)
    assert preceding("0 3 * * *", "UTC", three + timedelta(seconds=1)) == three


def test_a_time_that_a_spring_day_does_not_have_comes_when_it_would_have_been() -> None:
    start = datetime(2026, 3, 28, 0, tzinfo=UTC)
    assert slots("30 2 * * *", BERLIN, start, 3) == [
        "03-28 02:30+0100",
        "03-29 03:00+0200",
        "03-30 02:30+0200",
    ]


def test_a_time_that_an_autumn_day_has_twice_comes_once() -> None:
    start = datetime(2026, 10, 24, 12, tzinfo=UTC)
    assert slots("30 2 * * *", BERLIN, start, 2) == ["10-25 02:30+0200", "10-26 02:30+0100"]


def test_every_hour_comes_every_hour_where_clocks_change() -> None:
    for day in (datetime(2026, 3, 29, 0, tzinfo=UTC), datetime(2026, 10, 25, 0, tzinfo=UTC)):
        first = following("0 * * * *", BERLIN, day)
        second = following("0 * * * *", BERLIN, first)
        assert second - first == timedelta(hours=1)


def test_the_time_zone_says_which_day_it_is() -> None:
    slot = following("0 3 * * *", "Asia/Tokyo", datetime(2026, 3, 10, 12, tzinfo=UTC))
    assert slot == datetime(2026, 3, 10, 18, tzinfo=UTC)


@settings(deadline=None)
@given(expression=SCHEDULES, moment=MOMENTS, zone=st.sampled_from(["Etc/UTC", BERLIN]))
def test_the_slot_before_is_before_and_the_slot_after_is_after(
    expression: str, moment: datetime, zone: str
) -> None:
    assert preceding(expression, zone, moment) < moment < following(expression, zone, moment)


@settings(deadline=None)
@given(expression=SCHEDULES, moment=MOMENTS)
def test_no_slot_is_between_the_one_before_and_the_one_after(
    expression: str, moment: datetime
) -> None:
    before = preceding(expression, "Etc/UTC", moment)
    after = following(expression, "Etc/UTC", before)
    assert after >= moment.replace(microsecond=0)


@pytest.mark.parametrize(
    ("expression", "zone", "told"),
    [
        ("0 3 * *", "UTC", "five"),
        ("0 0 3 * * *", "UTC", "five"),
        ("60 3 * * *", "UTC", "60"),
        ("0 0 31 2 *", "UTC", "31 2"),
        ("0 3 * * *", "Berlin", "Berlin"),
        ("0 3 * * *", "../etc/passwd", "passwd"),
        ("0 3 * * *", "", "time zone"),
    ],
)
def test_what_is_no_schedule_is_said_to_its_author(expression: str, zone: str, told: str) -> None:
    with pytest.raises(BadSchedule, match=told):
        check_schedule(expression, zone)

"""Durations, as people write them."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from embedding_operator.names import INDEXES
from embedding_operator.resources.durations import parse_duration
from schemas import walk


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("0s", timedelta()),
        ("45s", timedelta(seconds=45)),
        ("90m", timedelta(minutes=90)),
        ("7d12h", timedelta(days=7, hours=12)),
        ("1d2h3m4s", timedelta(days=1, hours=2, minutes=3, seconds=4)),
    ],
)
def test_a_duration_is_the_sum_of_its_parts(text: str, duration: timedelta) -> None:
    assert parse_duration(text) == duration


def find_pattern(field: str) -> str:
    (pattern,) = {node.schema["pattern"] for node in walk(INDEXES, "spec") if str(node) == field}
    return str(pattern)


def test_the_longest_duration_of_the_schema_leads_to_a_date() -> None:
    longest = "9999d99999h999999m9999999s"
    assert re.search(find_pattern("spec.snapshots.retention.age"), longest)
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert now - parse_duration(longest) < now < now + parse_duration(longest)


@pytest.mark.parametrize("field", ["up", "down"])
@pytest.mark.parametrize(
    ("text", "is_taken"),
    [
        *((text, True) for text in ("0s", "59s", "90s", "3600s", "1m", "59m59s", "60m", "1h")),
        *((text, False) for text in ("", "s", "1", "61m", "60m1s", "1h1s", "3601s", "2h", "1d")),
    ],
)
def test_a_window_is_an_hour_at_most(field: str, text: str, is_taken: bool) -> None:
    pattern = find_pattern(f"spec.autoscaling.windows.{field}")
    assert bool(re.search(pattern, text)) == is_taken
    assert not is_taken or parse_duration(text) <= timedelta(hours=1)

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


def test_the_longest_duration_of_the_schema_leads_to_a_date() -> None:
    longest = "9999d99999h999999m9999999s"
    (pattern,) = {
        node.schema["pattern"]
        for node in walk(INDEXES, "spec")
        if str(node) == "spec.snapshots.retention.age"
    }
    assert re.search(pattern, longest)
    now = datetime(2026, 11, 28, tzinfo=UTC)
    assert now - parse_duration(longest) < now < now + parse_duration(longest)

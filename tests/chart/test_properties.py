"""Whatever values the schema allows: objects that Kubernetes takes, or sentences that people can
act on, and never a template's trace."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from tests.chart.in_process import Refused, render
from tests.chart.kubernetes_schemas import find_faults
from tests.chart.value_sets import value_sets

HEAD = re.compile(r"validate\.yaml:\d+:\d+\)?: *\n*The values do not go together:\n", re.DOTALL)
SLOW = [HealthCheck.too_slow, HealthCheck.filter_too_much]


def judge(values: dict[str, Any]) -> None:
    try:
        manifests = render(values)
    except Refused as refused:
        message = str(refused)
        assert "The values do not go together:" in message, message
        assert re.search(r"^- [a-z][\w., ]*: ", message, re.MULTILINE), message
        assert "nil pointer" not in message
    else:
        assert find_faults(manifests, "1.37") == []


@settings(max_examples=100, suppress_health_check=SLOW)
@given(values=value_sets())
def test_some_values(values: dict[str, Any]) -> None:
    judge(values)


@pytest.mark.chart
@pytest.mark.timeout(900)
@settings(max_examples=2_000, suppress_health_check=SLOW)
@given(values=value_sets())
def test_two_thousand_sets_of_values(values: dict[str, Any]) -> None:
    judge(values)

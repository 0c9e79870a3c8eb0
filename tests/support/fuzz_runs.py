"""How long a fuzz run is, and what it starts from."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis.strategies import SearchStrategy

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Length:
    """Least number of cases in each part of a run."""

    document: int
    dialect: int
    connections: int
    examples: int
    """Of each operation of the document, beside those that its bounds give; they cost the most."""
    is_random: bool
    """Whether the cases are others every time."""

    @property
    def cases(self) -> int:
        """All parts together; there are three dialects."""
        return self.document + 3 * self.dialect + self.connections


SHORT = Length(document=1_500, dialect=300, connections=300, examples=8, is_random=False)
LONG = Length(document=7_500, dialect=3_500, connections=2_500, examples=200, is_random=True)

both_lengths = pytest.mark.parametrize(
    "length",
    [
        pytest.param(SHORT, id="short", marks=pytest.mark.timeout(300)),
        pytest.param(LONG, id="long", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)


def run_cases(
    strategy: SearchStrategy[_T], check: Callable[[_T], None], cases: int, seed: int | None
) -> int:
    """Check at least that many cases, the same ones every time without a seed; returns how many."""
    checked = 0

    @hypothesis.settings(
        max_examples=cases,
        derandomize=seed is None,
        database=None,
        deadline=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(strategy)
    def check_one(case: _T) -> None:
        nonlocal checked
        checked += 1
        check(case)

    run = check_one if seed is None else hypothesis.seed(seed)(check_one)
    run()
    return checked

"""How long a fuzz run is, and what it starts from."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase
from hypothesis.strategies import SearchStrategy

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Length:
    """Least number of cases in each part of a run."""

    document: int
    dialect: int
    connections: int

    @property
    def cases(self) -> int:
        """All parts together; there are three dialects."""
        return self.document + 3 * self.dialect + self.connections


SHORT = Length(document=1_000, dialect=300, connections=300)
LONG = Length(document=7_500, dialect=3_500, connections=2_500)


def choose_seed(config: Any, *, is_long: bool) -> int | None:
    """None for the same cases every time; the long run has others each time, and says which."""
    if not is_long:
        return None
    given = config.getoption("--hypothesis-seed")
    return int(given) if given else random.SystemRandom().randrange(2**32)


def run_cases(
    strategy: SearchStrategy[_T], check: Callable[[_T], None], cases: int, seed: int | None
) -> int:
    """Check at least that many cases; returns how many they were."""
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

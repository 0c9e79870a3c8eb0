"""The API server is asked so often in a second, and no oftener, wherever the second begins."""

import asyncio
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_operator.cluster import Limit

RATE = 5


@dataclass(frozen=True)
class Others:
    """So many calls that others make, at some moment of the second that is left to them."""

    calls: int
    moment: float


@dataclass
class Clock:
    """Waits at once, and keeps when each turn came."""

    now: float = 100.0
    turns: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def run(self, steps: list[float | Others]) -> None:
        """A number is a pause before a call of ours."""
        limit, loop = Limit(RATE), asyncio.get_running_loop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "time", self.time)
            patch.setattr(asyncio, "sleep", self.sleep)
            for step in steps:
                if isinstance(step, Others):
                    await limit.leave(step.calls, 1.0)
                    self.turns.extend([self.now + step.moment] * step.calls)
                else:
                    self.now += step
                    await limit.take()
                    self.turns.append(self.now)


PAUSES = st.sampled_from([0.0, 0.01, 0.3, 1.0, 7.0])
OTHERS = st.builds(Others, st.integers(1, RATE), st.sampled_from([0.0, 0.4, 1.0]))


@given(steps=st.lists(PAUSES | OTHERS, max_size=40))
def test_no_second_has_more_calls_than_the_rate_whoever_makes_them(
    steps: list[float | Others],
) -> None:
    clock = Clock()
    asyncio.run(clock.run(steps))
    turns = sorted(clock.turns)
    for first, after in zip(turns, turns[RATE:], strict=False):
        assert after - first >= 1.0 - 1e-9


def test_what_is_within_the_rate_does_not_wait() -> None:
    clock = Clock()
    asyncio.run(clock.run([0.0] * RATE))
    assert set(clock.turns) == {100.0}


def test_others_who_want_more_than_the_rate_get_all_of_it() -> None:
    clock = Clock()
    asyncio.run(clock.run([Others(RATE * 3, 0.0), 0.0]))
    assert clock.turns[-1] == 102.0

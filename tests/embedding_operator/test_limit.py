"""The API server is asked so often in a second, and no oftener, wherever the second begins."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_operator.cluster import Limit

RATE = 5


@dataclass
class Clock:
    """Waits at once, and keeps when each turn came."""

    now: float = 100.0
    turns: list[float] = field(default_factory=list)

    def time(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    async def run(self, pauses: list[float]) -> None:
        limit, loop = Limit(RATE), asyncio.get_running_loop()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(loop, "time", self.time)
            patch.setattr(asyncio, "sleep", self.sleep)
            for pause in pauses:
                self.now += pause
                await limit.take()
                self.turns.append(self.now)


@given(pauses=st.lists(st.sampled_from([0.0, 0.01, 0.3, 1.0, 7.0]), max_size=40))
def test_no_second_has_more_calls_than_the_rate(pauses: list[float]) -> None:
    clock = Clock()
    asyncio.run(clock.run(pauses))
    for first, after in zip(clock.turns, clock.turns[RATE:], strict=False):
        assert after - first >= 1.0 - 1e-9


def test_what_is_within_the_rate_does_not_wait() -> None:
    clock: Any = Clock()
    asyncio.run(clock.run([0.0] * RATE))
    assert set(clock.turns) == {100.0}

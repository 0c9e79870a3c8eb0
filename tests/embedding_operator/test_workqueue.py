"""Keys that want work: each once, one worker a key, the soonest first, failures ever later."""

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from embedding_operator.workqueue import WorkQueue

KEYS = st.sampled_from("abc")
SECONDS = 10.0


class Clock:
    """Stands still unless it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue(clock: Clock) -> WorkQueue[str]:
    return WorkQueue(clock)


def take_now(queue: WorkQueue[str]) -> str | None:
    """The next key; None where a worker would wait."""
    taking = queue.take()
    try:
        taking.send(None)
    except StopIteration as taken:
        return str(taken.value)
    taking.close()
    return None


def drain(queue: WorkQueue[str]) -> list[str]:
    taken = []
    while (key := take_now(queue)) is not None:
        taken.append(key)
    return taken


async def test_a_key_that_is_added_twice_comes_once(queue: WorkQueue[str]) -> None:
    queue.add("a")
    queue.add("a")
    assert len(queue) == 1
    assert drain(queue) == ["a"]


async def test_the_soonest_comes_first(queue: WorkQueue[str], clock: Clock) -> None:
    for key, delay in (("a", 3.0), ("b", 1.0), ("c", 2.0)):
        queue.add(key, delay)
    assert drain(queue) == []
    clock.now += 3
    assert drain(queue) == ["b", "c", "a"]


async def test_a_key_comes_at_the_earlier_of_two_times(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add("a", 1.0)
    queue.add("a", 60.0)
    clock.now += 1
    assert drain(queue) == ["a"]
    queue.done("a")
    clock.now += 60
    assert drain(queue) == []


async def test_a_key_that_is_worked_on_waits_until_that_is_done(queue: WorkQueue[str]) -> None:
    queue.add("a")
    assert take_now(queue) == "a"
    queue.add("a")
    assert (take_now(queue), len(queue)) == (None, 0)
    queue.done("a")
    assert (len(queue), take_now(queue)) == (1, "a")


async def test_failures_come_ever_later_but_not_later_than_the_last(
    queue: WorkQueue[str],
) -> None:
    delays = []
    for _ in range(12):
        queue.add("a")
        delays.append(queue.fail("a"))
    expected = [min(2.0**n, 300.0) for n in range(12)]
    for delay, least in zip(delays, expected, strict=True):
        assert least <= delay <= 1.2 * least


async def test_weeks_of_failures_are_counted(queue: WorkQueue[str]) -> None:
    queue._failures["a"] = 100_000
    assert 300 <= queue.fail("a") <= 360


async def test_a_success_makes_failures_forgotten(queue: WorkQueue[str]) -> None:
    for _ in range(5):
        queue.fail("a")
    queue.done("a")
    assert queue.fail("a") < 2


async def test_who_asks_for_later_is_not_asked_before(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add("a")
    take_now(queue)
    assert queue.fail("a", retry_after=30.0) == 30.0
    clock.now += 29
    assert drain(queue) == []
    clock.now += 1
    assert drain(queue) == ["a"]


async def test_news_of_a_key_that_failed_do_not_wait(queue: WorkQueue[str]) -> None:
    queue.add("a")
    take_now(queue)
    queue.fail("a", retry_after=300.0)
    queue.add("a")
    assert drain(queue) == ["a"]


async def test_the_oldest_waits_or_is_worked_on(queue: WorkQueue[str], clock: Clock) -> None:
    assert queue.oldest == 0
    queue.add("a", 5.0)
    assert queue.oldest == 0
    clock.now += 8
    assert queue.oldest == 3
    take_now(queue)
    assert queue.oldest == 0
    clock.now += 7
    assert queue.oldest == 7
    queue.done("a")
    assert queue.oldest == 0


async def test_news_go_before_routine(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add("a", is_routine=True)
    queue.add("b", 5.0)
    clock.now += 10
    assert drain(queue) == ["b", "a"]


async def test_routine_does_not_wait_for_ever(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add("a", is_routine=True)
    queue.add("b", 31.0)
    clock.now += 40
    assert drain(queue) == ["a", "b"]


async def test_routine_is_done_while_there_are_no_news(queue: WorkQueue[str]) -> None:
    queue.add("a", is_routine=True)
    queue.add("b", 5.0)
    assert drain(queue) == ["a"]


async def test_news_of_a_key_make_its_routine_news(queue: WorkQueue[str], clock: Clock) -> None:
    queue.add("a", is_routine=True)
    queue.add("b", is_routine=True)
    clock.now += 1
    queue.add("b")
    assert drain(queue) == ["b", "a"]


async def test_routine_does_not_make_news_wait(queue: WorkQueue[str]) -> None:
    queue.add("a", is_routine=True)
    queue.add("b")
    queue.add("b", is_routine=True)
    assert drain(queue) == ["b", "a"]


async def test_a_worker_that_waits_gets_a_new_key() -> None:
    queue: WorkQueue[str] = WorkQueue()
    workers = [asyncio.create_task(queue.take()) for _ in range(3)]
    await asyncio.sleep(0)
    for key in "abc":
        queue.add(key)
    async with asyncio.timeout(SECONDS):
        assert sorted(await asyncio.gather(*workers)) == ["a", "b", "c"]


async def test_a_worker_wakes_when_a_key_is_due() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("late", 0.05)
    queue.add("never", 1000.0)
    async with asyncio.timeout(SECONDS):
        assert await queue.take() == "late"


async def test_a_worker_that_waits_gets_a_key_that_was_worked_on() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    assert await queue.take() == "a"
    queue.add("a")
    other = asyncio.create_task(queue.take())
    await asyncio.sleep(0)
    assert not other.done()
    queue.done("a")
    async with asyncio.timeout(SECONDS):
        assert await other == "a"


class QueueAgainstSets(RuleBasedStateMachine):
    """`due` and `busy` are what must be; keys are taken as a worker would."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock()
        self.queue: WorkQueue[str] = WorkQueue(self.clock)
        self.due: dict[str, float] = {}
        self.routine: set[str] = set()
        self.busy: set[str] = set()

    @rule(key=KEYS, delay=st.integers(0, 20), is_routine=st.booleans())
    def add(self, key: str, delay: int, *, is_routine: bool) -> None:
        self.queue.add(key, delay, is_routine=is_routine)
        if is_routine and key not in self.due:
            self.routine.add(key)
        elif not is_routine:
            self.routine.discard(key)
        self._want(key, delay)

    @rule(seconds=st.integers(0, 30))
    def wait(self, seconds: int) -> None:
        self.clock.now += seconds

    @rule()
    def take(self) -> None:
        taken = take_now(self.queue)
        ready = {key: due for key, due in self.due.items() if key not in self.busy}
        now = {
            key: due + 30 * (key in self.routine)
            for key, due in ready.items()
            if due <= self.clock.now
        }
        if taken is None:
            assert not now
            return
        assert now[taken] == min(now.values())
        del self.due[taken]
        self.routine.discard(taken)
        self.busy.add(taken)

    @precondition(lambda self: self.busy)
    @rule(draw=st.data())
    def done(self, draw: st.DataObject) -> None:
        self.queue.done(self._end(draw))

    @precondition(lambda self: self.busy)
    @rule(draw=st.data(), retry_after=st.none() | st.integers(0, 500))
    def fail(self, draw: st.DataObject, retry_after: int | None) -> None:
        key = self._end(draw)
        delay = self.queue.fail(key, retry_after)
        self.routine.discard(key)
        assert delay >= (retry_after or 1)
        self._want(key, delay)

    @invariant()
    def nothing_is_lost(self) -> None:
        assert self.queue._due == self.due
        assert self.queue._routine == self.routine
        assert set(self.queue._busy) == self.busy

    def teardown(self) -> None:
        for key in list(self.busy):
            self.queue.done(key)
        self.clock.now += 1000
        assert sorted(drain(self.queue)) == sorted(self.due)

    def _want(self, key: str, delay: float) -> None:
        self.due[key] = min(self.due.get(key, float("inf")), self.clock.now + delay)

    def _end(self, draw: st.DataObject) -> str:
        key: str = draw.draw(st.sampled_from(sorted(self.busy)))
        self.busy.remove(key)
        return key


async def test_no_key_is_lost_and_none_is_worked_on_twice_at_once() -> None:
    steps = settings(max_examples=40, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(QueueAgainstSets, settings=steps)

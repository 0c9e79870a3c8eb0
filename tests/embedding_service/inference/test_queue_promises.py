"""What a queue promises whatever is asked of it, in virtual time.

Nothing is lost and nothing answered twice; no batch is over its budget but a single longer text; no
device idles while something waits; bulk and callers have their turns in a bounded number of
batches; and who is told to come back would indeed have waited.
"""

from itertools import pairwise
from typing import Any, TypeAlias

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from embedding_service.inference.batching import Budget
from embedding_service.inference.lanes import LOOK_AHEAD
from embedding_service.inference.queueing import BULK_SHARE
from embedding_service.inference.requests import TrafficClass
from queue_model import RATE, Bench

INTERACTIVE, BULK = TrafficClass.INTERACTIVE, TrafficClass.BULK
BUDGET = Budget(tokens=40, texts=16)
LONGEST = 10
CALLERS = st.sampled_from(["", "a", "b", "c"])
CLASSES = st.sampled_from(list(TrafficClass))
LENGTHS = st.lists(st.integers(1, LONGEST), min_size=1, max_size=30)
ASKED = st.tuples(CALLERS, CLASSES, LENGTHS)
SIZES = st.integers(1, LONGEST)
MUCH = st.tuples(
    CALLERS,
    CLASSES,
    st.builds(lambda length, texts: [length] * texts, SIZES, st.integers(50, 200)),
)
"""Far more than what cannot be known of a wait."""
Request: TypeAlias = tuple[str, TrafficClass, list[int]]


class QueuePromises(RuleBasedStateMachine):
    """Requests come, leave, fail and are answered, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(workers=2, budget=BUDGET)

    @rule(caller=CALLERS, traffic=CLASSES, lengths=LENGTHS | st.just([70]))
    def ask(self, caller: str, traffic: TrafficClass, lengths: list[int]) -> None:
        self.bench.ask(caller, traffic, lengths)

    @precondition(lambda self: self.bench.asked)
    @rule(data=st.data())
    def leave(self, data: Any) -> None:
        self.bench.leave(data.draw(st.sampled_from(self.bench.asked)))

    @precondition(lambda self: self.bench.is_busy)
    @rule(fails=st.booleans())
    def step(self, fails: bool) -> None:
        self.bench.step(fails=fails)

    @invariant()
    def no_batch_is_over_its_budget_but_a_single_longer_text(self) -> None:
        for forward in self.bench.forwards:
            batch = forward.batch
            assert 1 <= len(batch.entries) <= BUDGET.texts
            assert batch.tokens <= BUDGET.tokens or len(batch.entries) == 1

    @invariant()
    def no_worker_idles_while_something_waits(self) -> None:
        assert self.bench.queue.is_empty or not self.bench.free

    @invariant()
    def nothing_is_answered_twice(self) -> None:
        for request in self.bench.asked:
            assert all(count == 1 for count in request.answers.values())

    @invariant()
    def nobody_is_remembered_who_has_nothing_waiting(self) -> None:
        queue = self.bench.queue
        for traffic in TrafficClass:
            assert queue.callers_of(traffic) <= queue.texts_of(traffic)
        assert queue.tokens >= 0
        assert (queue.tokens == 0) == queue.is_empty

    def teardown(self) -> None:
        """In the end nothing is lost."""
        self.bench.run()
        assert self.bench.queue.is_empty
        for request in self.bench.asked:
            if not request.ticket.over:
                assert sorted(request.answers) == list(range(len(request.entries)))


TestQueuePromises = QueuePromises.TestCase
TestQueuePromises.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(
    crowd=st.lists(st.tuples(CALLERS, st.integers(1, LONGEST)), min_size=300, max_size=300),
    jobs=st.lists(st.integers(1, LONGEST), min_size=30, max_size=60),
)
def test_bulk_is_in_every_fourth_batch_however_many_wait_for_an_answer(
    crowd: list[tuple[str, int]], jobs: list[int]
) -> None:
    bench = Bench(workers=1, budget=BUDGET)
    job = bench.ask("job", BULK, jobs)
    for caller, length in crowd:
        bench.ask(caller, INTERACTIVE, [length])
    bench.run()
    is_bulk = [each.batch.entries[0].ticket is job.ticket for each in bench.forwards]
    last = len(is_bulk) - 1 - is_bulk[::-1].index(True)
    owed = [number for number, bulk in enumerate(is_bulk) if bulk]
    gaps = [after - before for before, after in pairwise(owed)]
    assert all(gap <= BULK_SHARE for gap in gaps)
    assert last <= BULK_SHARE * len(owed)


@given(
    others=st.lists(
        st.lists(st.integers(1, LONGEST), min_size=50, max_size=100), min_size=1, max_size=4
    ),
    own=st.lists(st.integers(1, LONGEST), min_size=1, max_size=40),
    traffic=CLASSES,
)
def test_a_caller_has_its_turn_whatever_others_have_waiting(
    others: list[list[int]], own: list[int], traffic: TrafficClass
) -> None:
    """Of n callers each has an nth of the tokens: a text of each more or less, and what is open."""
    bench = Bench(workers=1, budget=BUDGET)
    for number, lengths in enumerate(others):
        bench.ask(f"other {number}", traffic, lengths * 3)
    request = bench.ask("own", traffic, own)
    before = sum(each.batch.tokens for each in bench.forwards)
    while len(request.answers) < len(own):
        bench.step()
    served = sum(each.batch.tokens for each in bench.forwards) - before
    callers = 1 + len(others)
    most = callers * (sum(own) + 2 * LONGEST) + 2 * BUDGET.tokens
    assert served <= most


@given(
    waiting=st.lists(MUCH, min_size=1, max_size=8),
    steps=st.integers(0, 5),
    newcomer=ASKED,
    workers=st.integers(1, 3),
    bound=st.floats(0.1, 20.0),
)
def test_refusals_are_honest(
    waiting: list[Request], steps: int, newcomer: Request, workers: int, bound: float
) -> None:
    """Who is refused would have waited longer than the bound, and who is taken does not.

    Both if nothing changes, and but for what cannot be known: how full batches will be, where in a
    turn of the classes it comes, and what it overtakes where others do not fit.
    """
    bench = Bench(workers, BUDGET)
    for each in waiting:
        bench.ask(*each)
    for _ in range(steps):
        if bench.is_busy:
            bench.step()
    predicted = bench.predict(*newcomer[:2])
    request = bench.ask(*newcomer)
    bench.run()
    assert request.began_at is not None
    waited = request.began_at - request.asked_at
    unknown = _unknown(workers)
    if predicted > bound:
        assert waited > bound - unknown, "it was refused, and would have been served in time"
    else:
        assert waited < bound + unknown, "it was taken, and waited longer than it might"
    assert waited == pytest.approx(predicted, abs=unknown)


def _unknown(workers: int) -> float:
    """Seconds: a turn of the classes, what is under way, and those passed over, all at the rate.

    Whoever overtakes a text of its class overtakes as well what its class would have waited for.
    """
    batches = (BULK_SHARE + 1 + workers) * BUDGET.tokens
    return (batches + BULK_SHARE * LOOK_AHEAD * LONGEST) / (RATE * workers)

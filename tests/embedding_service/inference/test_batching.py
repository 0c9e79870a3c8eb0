"""Batches: bounded by tokens, oldest first, nothing lost, nobody starved."""

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.batching import Batch, Budget, Entry, Lane, Queue, take
from embedding_service.inference.requests import TrafficClass
from embedding_service.inference.tickets import Ticket

INTERACTIVE, BULK = TrafficClass.INTERACTIVE, TrafficClass.BULK


class StillWaiting(Ticket):
    """A ticket that needs no event loop; ends when told."""

    def __init__(self, max_batch_texts: int | None = None) -> None:
        self.max_batch_texts = max_batch_texts
        self.over = False

    @property
    def is_over(self) -> bool:
        return self.over


def entries(lengths: Sequence[int], ticket: Ticket | None = None) -> list[Entry]:
    ticket = ticket or StillWaiting()
    return [
        Entry(np.zeros(length, dtype=np.int32), 0, ticket, position)
        for position, length in enumerate(lengths)
    ]


def lane(*lengths: int) -> Lane:
    waiting = Lane()
    waiting.add(entries(lengths))
    return waiting


def lengths_of(batch: Batch | None) -> list[int]:
    assert batch is not None
    return [len(entry.ids) for entry in batch.entries]


def test_a_batch_takes_the_oldest_that_fit_its_tokens() -> None:
    assert lengths_of(take(lane(4, 3, 2, 1), Budget(tokens=9, texts=10))) == [4, 3, 2]


def test_a_batch_is_bounded_by_texts_too() -> None:
    assert lengths_of(take(lane(1, 1, 1), Budget(tokens=100, texts=2))) == [1, 1]


def test_the_first_misfit_does_not_close_the_batch() -> None:
    waiting = lane(4, 90, 3)
    assert lengths_of(take(waiting, Budget(tokens=10, texts=10))) == [4, 3]
    assert lengths_of(take(waiting, Budget(tokens=10, texts=10))) == [90]


def test_a_text_longer_than_the_budget_goes_alone() -> None:
    assert lengths_of(take(lane(50, 1), Budget(tokens=10, texts=10))) == [50]


@given(
    older=st.lists(st.integers(1, 10), max_size=20), newer=st.lists(st.integers(1, 10), min_size=1)
)
def test_an_entry_waits_for_no_more_batches_than_entries_were_before_it(
    older: list[int], newer: list[int]
) -> None:
    waiting = lane(*older)
    (awkward,) = entries([10])
    waiting.add([awkward])
    for _ in range(len(older) + 1):
        waiting.add(entries(newer))
        if awkward in take(waiting, Budget(tokens=10, texts=10)).entries:
            return
    pytest.fail("the entry starved")


def test_texts_of_a_request_that_is_over_are_dropped() -> None:
    gone = StillWaiting()
    waiting = Lane()
    waiting.add(entries([5, 5], gone))
    waiting.add(entries([2]))
    gone.over = True
    assert lengths_of(take(waiting, Budget(tokens=10, texts=10))) == [2]
    assert waiting.tokens == 0


def test_a_requests_bound_of_texts_holds_for_the_whole_batch() -> None:
    waiting = lane(1, 1, 1, 1)
    waiting.entries.insert(1, entries([1], StillWaiting(max_batch_texts=2))[0])
    waiting.tokens += 1
    batch = take(waiting, Budget(tokens=100, texts=10))
    assert len(batch.entries) <= 4
    assert batch.to_tokens(10).max_texts in {2, 10}


@given(
    lengths=st.lists(st.integers(1, 40), max_size=60),
    tokens=st.integers(1, 60),
    texts=st.integers(1, 10),
)
def test_every_entry_comes_out_once_and_no_batch_is_over_budget(
    lengths: list[int], tokens: int, texts: int
) -> None:
    waiting = lane(*lengths)
    seen: list[int] = []
    while waiting.entries:
        batch = take(waiting, Budget(tokens, texts))
        assert batch.entries
        assert len(batch.entries) <= texts
        assert batch.tokens <= tokens or len(batch.entries) == 1
        seen += [entry.position for entry in batch.entries]
        assert waiting.tokens == sum(len(entry.ids) for entry in waiting.entries)
    assert sorted(seen) == list(range(len(lengths)))


def test_interactive_goes_first() -> None:
    queue = Queue()
    queue.add(BULK, entries([7]))
    queue.add(INTERACTIVE, entries([3]))
    assert lengths_of(queue.take(Budget(10, 1))) == [3]


def test_bulk_keeps_its_share_while_interactive_never_ends() -> None:
    queue = Queue()
    queue.add(BULK, entries([7] * 10))
    queue.add(INTERACTIVE, entries([3] * 100))
    batches = [lengths_of(queue.take(Budget(10, 1))) for _ in range(20)]
    assert batches.count([7]) == 5


def test_batches_to_try_again_go_ahead_of_everything_and_are_not_merged() -> None:
    queue = Queue()
    queue.add(INTERACTIVE, entries([1]))
    queue.try_again(Batch(entries([5, 6])).split())
    assert [lengths_of(queue.take(Budget(100, 100))) for _ in range(3)] == [[5], [6], [1]]
    assert queue.is_empty


def test_the_dead_count_for_nobodys_wait() -> None:
    queue = Queue()
    gone = StillWaiting()
    queue.add(BULK, entries([50], gone))
    queue.add(INTERACTIVE, entries([10]))
    queue.try_again([Batch(entries([20], gone))])
    assert queue.tokens == 80
    gone.over = True
    queue.note_dead()
    assert queue.tokens == 10
    assert queue.tokens_ahead(BULK) == 10


def test_interactive_waits_for_its_own_and_for_bulks_share_only() -> None:
    queue = Queue()
    queue.add(INTERACTIVE, entries([300]))
    queue.add(BULK, entries([1_000_000]))
    assert queue.tokens_ahead(INTERACTIVE) == 400
    assert queue.tokens_ahead(BULK) == 1_000_300


async def test_a_ticket_is_over_when_its_caller_is_cancelled() -> None:
    ticket = Ticket(1, 3)
    waiting = asyncio.create_task(ticket.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ticket.is_over
    ticket.deliver(0, np.ones(3, dtype=np.float32))  # too late, and harmless

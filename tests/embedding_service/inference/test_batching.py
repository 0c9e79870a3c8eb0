"""One batch being filled: bounded by tokens and texts, and not picky to the last token."""

import asyncio

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.batching import Batch, Budget, Draft
from embedding_service.inference.tickets import Ticket
from waiting_entries import StillWaiting, entries


def test_the_first_one_fits_whatever_its_length() -> None:
    draft = Draft(Budget(tokens=10, texts=10))
    assert draft.add(entries([50])[0])
    assert not draft.add(entries([1])[0])
    assert draft.is_full


def test_a_requests_bound_of_texts_holds_for_whatever_batch_has_one_of_its_own() -> None:
    draft = Draft(Budget(tokens=100, texts=10))
    (bounded,) = entries([1], StillWaiting(max_batch_texts=2))
    plain = entries([1, 1, 1])
    assert draft.add(plain[0])
    assert draft.add(bounded)
    assert draft.is_full
    assert not draft.add(plain[1])
    full = Draft(Budget(tokens=100, texts=10))
    assert full.add(plain[0])
    assert full.add(plain[1])
    assert not full.add(bounded), "two others are there already"
    assert not full.is_full


def test_a_batch_with_hardly_any_room_left_is_full() -> None:
    draft = Draft(Budget(tokens=640, texts=100))
    draft.add(entries([600])[0])
    assert not draft.is_full
    draft.add(entries([20])[0])
    assert draft.is_full


@given(
    lengths=st.lists(st.integers(0, 40), max_size=60),
    tokens=st.integers(1, 60),
    texts=st.integers(1, 10),
)
def test_no_batch_is_over_its_budget_but_by_a_single_longer_text(
    lengths: list[int], tokens: int, texts: int
) -> None:
    draft = Draft(Budget(tokens, texts))
    taken = [entry for entry in entries(lengths) if draft.add(entry)]
    assert draft.entries == taken
    assert bool(taken) == bool(lengths)
    assert draft.tokens == Batch(taken).tokens
    assert len(taken) <= texts
    assert draft.tokens <= tokens or len(taken) == 1 or Batch(taken[1:]).tokens == 0


async def test_a_ticket_is_over_when_its_caller_is_cancelled() -> None:
    ticket = Ticket(1, 3)
    waiting = asyncio.create_task(ticket.wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ticket.is_over
    ticket.deliver(0, np.ones(3, dtype=np.float32))  # too late, and harmless

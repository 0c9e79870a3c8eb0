"""A failed batch is halved until the text at fault is alone; its mates get their vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.errors import InferenceFailed, Unavailable
from embedding_service.inference.batching import Batch, Entry
from embedding_service.inference.outcomes import Failure, decide
from embedding_service.inference.tickets import Ticket


class NoTicket(Ticket):
    def __init__(self) -> None:
        self.offset = 500


def batch_of(texts: int) -> Batch:
    return Batch([Entry(np.zeros(3, dtype=np.int32), 0, NoTicket(), at) for at in range(texts)])


@pytest.mark.parametrize("failure", Failure)
def test_a_batch_of_several_is_halved(failure: Failure) -> None:
    consequence = decide(batch_of(5), failure, "")
    assert [len(batch.entries) for batch in consequence.again] == [2, 3]
    assert consequence.failed is None


def test_a_text_that_raises_alone_fails_at_once() -> None:
    consequence = decide(batch_of(1), Failure.ERROR, "IndexError: out of range")
    assert consequence.failed is not None
    entry, explain = consequence.failed
    error = explain(entry.seats[0].name)
    assert isinstance(error, InferenceFailed)
    assert "text 500 " in error.message, "counted in the caller's list"


@pytest.mark.parametrize("failure", [Failure.CRASH, Failure.HANG])
def test_a_worker_may_be_lost_once_with_a_text_alone(failure: Failure) -> None:
    batch = batch_of(1)
    assert decide(batch, failure, "").again == (batch,)
    second = decide(batch, failure, "")
    assert second.again == ()
    assert second.failed is not None


def test_a_text_without_memory_is_told_to_come_back() -> None:
    consequence = decide(batch_of(1), Failure.OUT_OF_MEMORY, "")
    assert consequence.failed is not None
    error = consequence.failed[1]("text 3")
    assert isinstance(error, Unavailable)
    assert error.retry_after > 0


@given(texts=st.integers(1, 300), poisoned=st.sets(st.integers(0, 299), max_size=3))
def test_only_the_poisoned_fail(texts: int, poisoned: set[int]) -> None:
    poisoned = {each for each in poisoned if each < texts}
    waiting, failed, done = [batch_of(texts)], set[int](), set[int]()
    while waiting:
        batch = waiting.pop()
        positions = {entry.position for entry in batch.entries}
        if not positions & poisoned:
            done |= positions
            continue
        consequence = decide(batch, Failure.CRASH, "")
        waiting.extend(consequence.again)
        if consequence.failed is not None:
            failed.add(consequence.failed[0].position)
    assert failed == poisoned
    assert done == set(range(texts)) - poisoned

"""Identical texts that are under way at once are computed once, for everybody who waits."""

import asyncio

import numpy as np
import pytest

from embedders import (
    MeteredEmbedder,
    hung,
    only_worker,
    open_metered,
    until_in_flight,
)
from embedding_service.errors import InferenceFailed, ServiceError
from embedding_service.inference.backends.base import Int32s
from embedding_service.inference.batching import Batch, Budget
from embedding_service.inference.queueing import Queue
from embedding_service.inference.requests import EmbeddingRequest, TrafficClass
from embedding_service.inference.tickets import Ticket
from embedding_service.inference.underway import Asked, Underway
from embedding_service.vectors import Matrix
from waiting import until

INTERACTIVE, BULK = TrafficClass.INTERACTIVE, TrafficClass.BULK
LARGE = Budget(tokens=100, texts=10)


def asked(traffic: TrafficClass, prompt_length: int = 0, caller: str = "") -> Asked:
    return Asked(caller, traffic, prompt_length)


def text(*ids: int) -> Int32s:
    return np.array(ids, dtype=np.int32)


def row(value: float) -> Matrix:
    return np.full(2, value, dtype=np.float32)


def take(queue: Queue, budget: Budget = LARGE) -> Batch:
    batch = queue.take(budget)
    assert batch is not None
    for entry in batch.entries:
        entry.start(0.0)
    return batch


async def test_a_request_computes_each_of_its_texts_once() -> None:
    queue, ticket = Queue(), Ticket(3, 2)
    entered = Underway(queue).enter(asked(BULK), [text(1), text(2), text(1)], ticket)
    assert (entered.tokens, entered.joined) == (2, 1)
    for value, entry in enumerate(take(queue).entries):
        entry.deliver(row(value))
    await ticket.wait()
    assert ticket.matrix[:, 0].tolist() == [0, 1, 0]


async def test_a_text_of_another_prompt_or_bound_is_another_text() -> None:
    queue = Queue()
    underway = Underway(queue)
    underway.enter(asked(BULK), [text(1)], Ticket(1, 2))
    underway.enter(asked(BULK, 1), [text(1)], Ticket(1, 2))
    underway.enter(asked(BULK), [text(1)], Ticket(1, 2, max_batch_texts=1))
    assert queue.texts_of(BULK) == 3


async def test_callers_wait_for_no_turn_but_their_own() -> None:
    queue = Queue()
    underway = Underway(queue)
    underway.enter(asked(BULK, caller="a"), [text(1)], Ticket(1, 2))
    assert underway.enter(asked(BULK, caller="b"), [text(1)], Ticket(1, 2)).joined == 0
    assert queue.callers_of(BULK) == 2


async def test_who_comes_while_the_forward_runs_gets_its_row_too() -> None:
    queue, first, second = Queue(), Ticket(1, 2), Ticket(1, 2)
    underway = Underway(queue)
    underway.enter(asked(INTERACTIVE), [text(1)], first)
    (entry,) = take(queue).entries
    assert underway.enter(asked(INTERACTIVE), [text(1)], second).joined == 1
    assert queue.is_empty
    entry.deliver(row(7))
    await asyncio.gather(first.wait(), second.wait())
    assert first.matrix.tolist() == second.matrix.tolist() == [[7, 7]]


async def test_what_was_delivered_is_not_joined() -> None:
    queue, late = Queue(), Ticket(1, 2)
    underway = Underway(queue)
    underway.enter(asked(INTERACTIVE), [text(1), text(2)], Ticket(2, 2))
    take(queue).entries[0].deliver(row(1))
    assert underway.enter(asked(INTERACTIVE), [text(1)], late).joined == 0
    assert queue.texts_of(INTERACTIVE) == 1


async def test_an_interactive_request_lifts_a_bulk_text_for_all_who_wait() -> None:
    queue, bulk, interactive = Queue(), Ticket(3, 2), Ticket(1, 2)
    underway = Underway(queue)
    underway.enter(asked(BULK), [text(1), text(2), text(3)], bulk)
    assert underway.enter(asked(INTERACTIVE), [text(2)], interactive).joined == 1
    assert (queue.texts_of(INTERACTIVE), queue.texts_of(BULK), queue.tokens) == (1, 2, 3)
    (lifted,) = take(queue, Budget(tokens=1, texts=1)).entries
    assert lifted.ids.tolist() == [2]
    lifted.deliver(row(2))
    await interactive.wait()
    for entry in take(queue).entries:
        entry.deliver(row(entry.ids[0]))
    await bulk.wait()
    assert bulk.matrix[:, 0].tolist() == [1, 2, 3]
    assert queue.is_empty


async def test_bulk_does_not_hold_an_interactive_text_back() -> None:
    queue = Queue()
    underway = Underway(queue)
    underway.enter(asked(INTERACTIVE), [text(1)], Ticket(1, 2))
    assert underway.enter(asked(BULK), [text(1)], Ticket(1, 2)).joined == 1
    assert queue.texts_of(INTERACTIVE) == 1
    assert queue.texts_of(BULK) == 0


@pytest.mark.parametrize("leaver", [0, 1])
async def test_a_caller_that_leaves_takes_nothing_from_the_other(leaver: int) -> None:
    async with open_metered() as embedder:
        with hung(only_worker()):
            ahead = asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["ahead"])))
            await until_in_flight(embedder)
            same = [
                asyncio.create_task(embedder.embed(EmbeddingRequest(inputs=["same"])))
                for _ in range(2)
            ]
            await until_entered(embedder, 3)
            same[leaver].cancel()
            with pytest.raises(asyncio.CancelledError):
                await same[leaver]
        await asyncio.gather(ahead, same[1 - leaver])
        assert embedder.sample("embedding_batch_texts_sum", model="hashing:16") == 2


async def test_one_that_everybody_has_left_is_computed_for_who_comes_next() -> None:
    queue, late = Queue(), Ticket(1, 2)
    underway = Underway(queue)
    gone = [asyncio.create_task(leave_early(underway)) for _ in range(2)]
    await asyncio.sleep(0)
    for task in gone:
        task.cancel()
    await asyncio.gather(*gone, return_exceptions=True)
    assert underway.enter(asked(INTERACTIVE), [text(1)], late).joined == 0
    queue.note_dead()
    assert queue.texts_of(INTERACTIVE) == 1
    take(queue).entries[0].deliver(row(1))
    await late.wait()


async def leave_early(underway: Underway) -> None:
    ticket = Ticket(1, 2)
    entered = underway.enter(asked(INTERACTIVE), [text(1)], ticket)
    try:
        await ticket.wait()
    finally:
        underway.leave(entered.keys)


async def test_a_failure_reaches_all_each_by_its_own_position() -> None:
    queue, first, second = Queue(), Ticket(1, 2, offset=100), Ticket(2, 2)
    underway = Underway(queue)
    underway.enter(asked(BULK), [text(1)], first)
    underway.enter(asked(BULK), [text(2), text(1)], second)
    take(queue).entries[0].fail(InferenceFailed)
    told = await asyncio.gather(first.wait(), second.wait(), return_exceptions=True)
    assert [each.message for each in told if isinstance(each, ServiceError)] == [
        "text 100",
        "text 1",
    ]


async def test_nothing_is_kept_of_what_has_ended() -> None:
    queue, ticket = Queue(), Ticket(2, 2)
    underway = Underway(queue)
    entered = underway.enter(asked(BULK), [text(1), text(1)], ticket)
    underway.leave(entered.keys)
    assert underway.enter(asked(BULK), [text(1)], Ticket(1, 2)).joined == 1, "it still waits"
    take(queue).entries[0].deliver(row(1))
    underway.leave(entered.keys)
    assert len(underway) == 0


async def test_equal_texts_get_equal_vectors_and_are_counted() -> None:
    async with open_metered() as embedder:
        answer = await embedder.embed(EmbeddingRequest(inputs=["x", "y", "x", "x"]))
        assert np.array_equal(answer.matrix[[0, 0]], answer.matrix[[2, 3]])
        assert not np.array_equal(answer.matrix[0], answer.matrix[1])
        assert answer.token_counts.tolist() == [3, 3, 3, 3], "what the caller sent"
        assert embedder.sample("embedding_tokens_total", model="hashing:16") == 6
        assert embedder.sample("embedding_shared_texts_total", model="hashing:16") == 2
        assert embedder.sample("embedding_batch_texts_sum", model="hashing:16") == 2


async def until_entered(embedder: MeteredEmbedder, texts: int) -> None:
    """Wait until so many texts have come to the queue, or joined one there."""
    model = embedder._registry.default_model
    assert model is not None
    places = model.underway._places.values
    await until(
        lambda: sum(len(each.entry.seats) for each in places()) == texts, 20, "texts have come"
    )

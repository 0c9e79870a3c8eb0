"""Two classes, and batches to be tried again: who goes first, and what a newcomer is told."""

from embedding_service.inference.batching import Batch, Budget
from embedding_service.inference.queueing import Queue
from embedding_service.inference.requests import TrafficClass
from waiting_entries import StillWaiting, entries, lengths_of

INTERACTIVE, BULK = TrafficClass.INTERACTIVE, TrafficClass.BULK
BUDGET = Budget(10, 1)


def test_interactive_goes_first() -> None:
    queue = Queue()
    queue.add(BULK, entries([7]))
    queue.add(INTERACTIVE, entries([3]))
    assert lengths_of(queue.take(BUDGET)) == [3]


def test_bulk_keeps_its_share_while_interactive_never_ends() -> None:
    queue = Queue()
    queue.add(BULK, entries([7] * 10))
    queue.add(INTERACTIVE, entries([3] * 100))
    batches = [lengths_of(queue.take(BUDGET)) for _ in range(20)]
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
    assert queue.tokens_ahead(BULK, BUDGET) == 10


def test_interactive_waits_for_its_own_and_for_bulks_share_only() -> None:
    queue = Queue()
    queue.add(INTERACTIVE, entries([300]))
    queue.add(BULK, entries([1_000_000]))
    assert queue.tokens_ahead(INTERACTIVE, BUDGET) == 400


def test_bulk_waits_for_no_more_than_three_batches_of_interactive_before_each_of_its_own() -> None:
    queue = Queue()
    queue.add(INTERACTIVE, entries([1_000] * 100))
    queue.add(BULK, entries([200]))
    assert queue.tokens_ahead(BULK, Budget(100, 10)) == 200 + 3 * (200 + 100)


def test_what_another_caller_has_waiting_is_not_waited_for() -> None:
    queue = Queue()
    queue.add(BULK, entries([10] * 1_000), "much")
    queue.take(Budget(100, 100))
    assert queue.tokens_ahead(BULK, BUDGET, "another") == 0
    assert queue.tokens_ahead(BULK, BUDGET, "much") == 9_900
    queue.add(BULK, entries([10] * 5), "another")
    assert 50 <= queue.tokens_ahead(BULK, BUDGET, "another") <= 110


def test_emptying_it_gives_everything_back() -> None:
    queue = Queue()
    queue.add(INTERACTIVE, entries([1, 2]), "a")
    queue.add(BULK, entries([3]), "b")
    queue.try_again([Batch(entries([4]))])
    assert sorted(len(entry.ids) for entry in queue.take_everything()) == [1, 2, 3, 4]
    assert queue.is_empty
    assert queue.tokens == 0
    assert queue.callers_of(BULK) == 0

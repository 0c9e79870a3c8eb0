"""One traffic class: callers take turns by tokens, and each caller's texts go oldest first."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedding_service.inference.batching import Batch, Budget, Entry
from embedding_service.inference.lanes import Lane
from waiting_entries import StillWaiting, entries, lengths_of


def lane(*lengths: int) -> Lane:
    waiting = Lane()
    waiting.add("", entries(lengths))
    return waiting


def shares(batches: list[Batch], *callers: list[Entry]) -> list[int]:
    """Tokens that each caller had in `batches`."""
    taken = {id(entry) for batch in batches for entry in batch.entries}
    return [sum(len(each.ids) for each in own if id(each) in taken) for own in callers]


def test_a_batch_takes_the_oldest_that_fit_its_tokens() -> None:
    assert lengths_of(lane(4, 3, 2, 1).take(Budget(tokens=9, texts=10))) == [4, 3, 2]


def test_a_batch_is_bounded_by_texts_too() -> None:
    assert lengths_of(lane(1, 1, 1).take(Budget(tokens=100, texts=2))) == [1, 1]


def test_the_first_misfit_does_not_close_the_batch() -> None:
    waiting = lane(4, 90, 3)
    assert lengths_of(waiting.take(Budget(tokens=10, texts=10))) == [4, 3]
    assert lengths_of(waiting.take(Budget(tokens=10, texts=10))) == [90]


def test_texts_of_a_request_that_is_over_are_dropped() -> None:
    gone = StillWaiting()
    waiting = Lane()
    waiting.add("", entries([5, 5], gone))
    waiting.add("", entries([2]))
    gone.over = True
    assert lengths_of(waiting.take(Budget(tokens=10, texts=10))) == [2]
    assert waiting.tokens == 0


def test_a_caller_with_ever_so_much_makes_nobody_else_wait_for_it() -> None:
    waiting = Lane()
    much, little = entries([10] * 5_000), entries([10] * 20)
    waiting.add("much", much)
    waiting.take(Budget(tokens=100, texts=100))
    waiting.add("little", little)
    batches = [waiting.take(Budget(tokens=100, texts=100)) for _ in range(4)]
    assert shares(batches, much, little) == [200, 200]


def test_a_callers_long_texts_do_not_count_as_one_like_anothers_short_ones() -> None:
    waiting = Lane()
    long, short = entries([50] * 100), entries([5] * 1_000)
    waiting.add("long", long)
    waiting.add("short", short)
    batches = [waiting.take(Budget(tokens=100, texts=100)) for _ in range(10)]
    for tokens in shares(batches, long, short):
        assert tokens == pytest.approx(500, abs=100)


def test_who_was_alone_owes_nothing_and_who_was_away_has_saved_nothing() -> None:
    waiting = Lane()
    alone = entries([10] * 1_000)
    waiting.add("alone", alone)
    for _ in range(50):
        waiting.take(Budget(tokens=100, texts=100))
    back = entries([10] * 1_000)
    waiting.add("back", back)
    batches = [waiting.take(Budget(tokens=100, texts=100)) for _ in range(6)]
    assert shares(batches, alone, back) == [300, 300]


def test_a_misfit_of_one_caller_leaves_room_to_another() -> None:
    waiting = Lane()
    waiting.add("a", entries([6, 6, 6]))
    waiting.add("b", entries([6, 2, 2]))
    assert sorted(lengths_of(waiting.take(Budget(tokens=10, texts=10)))) == [2, 2, 6]
    assert lengths_of(waiting.take(Budget(tokens=10, texts=10)))[0] == 6


def test_callers_that_have_nothing_waiting_are_forgotten() -> None:
    waiting = Lane()
    for number in range(1_000):
        with waiting.expecting(f"caller-{number}", 10):
            waiting.add(f"caller-{number}", entries([10]))
        waiting.take(Budget(tokens=10, texts=10))
    gone = StillWaiting()
    waiting.add("gone", entries([10], gone))
    assert waiting.callers == 1
    gone.over = True
    waiting.drop_dead()
    waiting.add("cleared", entries([10]))
    assert len(waiting.clear()) == 1
    assert waiting.callers == 0
    assert waiting.is_empty


def test_what_is_being_tokenised_is_counted_for_whoever_it_is() -> None:
    waiting = lane(100)
    with waiting.expecting("a", 50):
        assert waiting.expected == 50
        assert waiting.tokens_before("a") == 100
        assert waiting.tokens_before("") == 150
        assert waiting.tokens_before("new") == 0
    assert waiting.tokens_before("") == 100
    assert waiting.callers == 1


@given(
    older=st.lists(st.integers(1, 10), max_size=20), newer=st.lists(st.integers(1, 10), min_size=1)
)
def test_an_entry_waits_for_no_more_batches_than_entries_were_before_it(
    older: list[int], newer: list[int]
) -> None:
    waiting = lane(*older)
    (awkward,) = entries([10])
    waiting.add("", [awkward])
    for _ in range(len(older) + 1):
        waiting.add("", entries(newer))
        if awkward in waiting.take(Budget(tokens=10, texts=10)).entries:
            return
    pytest.fail("the entry starved")


@given(
    flows=st.lists(st.lists(st.integers(1, 40), min_size=1, max_size=40), min_size=2, max_size=5),
    tokens=st.integers(40, 200),
)
def test_callers_that_wait_differ_by_no_more_than_a_text_of_each_and_what_does_not_fit(
    flows: list[list[int]], tokens: int
) -> None:
    """Start-time fair queueing's own bound (Goyal et al., theorem 1), and what is passed over."""
    waiting = Lane()
    callers = [entries(lengths) for lengths in flows]
    for number, own in enumerate(callers):
        waiting.add(str(number), own)
    batches: list[Batch] = []
    while True:
        batches.append(waiting.take(Budget(tokens, texts=1_000)))
        served = shares(batches, *callers)
        if any(had == sum(lengths) for had, lengths in zip(served, flows, strict=True)):
            return
        assert max(served) - min(served) <= 2 * 40 + tokens


@given(
    lengths=st.lists(st.integers(1, 40), max_size=60),
    callers=st.integers(1, 4),
    tokens=st.integers(1, 60),
    texts=st.integers(1, 10),
)
def test_every_entry_comes_out_once_and_no_batch_is_over_budget(
    lengths: list[int], callers: int, tokens: int, texts: int
) -> None:
    waiting = Lane()
    all_entries = entries(lengths)
    for number, entry in enumerate(all_entries):
        waiting.add(str(number % callers), [entry])
    seen: Counter[int] = Counter()
    while not waiting.is_empty:
        batch = waiting.take(Budget(tokens, texts))
        assert batch.entries
        assert len(batch.entries) <= texts
        assert batch.tokens <= tokens or len(batch.entries) == 1
        seen.update(entry.position for entry in batch.entries)
        assert waiting.tokens == sum(
            lengths[each] for each in range(len(lengths)) if not seen[each]
        )
    assert seen == Counter(range(len(lengths)))

"""How many indexes get a new image at once: never more than the bound, and everybody in the end."""

from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_operator.plan.turns import Turns


def test_whoever_wants_one_gets_it_while_there_are_any() -> None:
    turns: Turns[str] = Turns(2)
    assert [turns.take(each) for each in "abc"] == [True, True, False]
    assert turns.take("a")


def test_passes_side_by_side_take_no_more_turns_than_there_are() -> None:
    turns: Turns[int] = Turns(5)
    assert sum([turns.take(each) for each in range(8)]) == 5


def test_a_turn_that_is_not_wanted_goes_to_another() -> None:
    turns: Turns[str] = Turns(1)
    turns.take("a")
    turns.settle("a", wants=True)
    assert not turns.take("b")
    turns.settle("a", wants=False)
    assert turns.take("b")
    turns.give_back("b")
    turns.give_back("never had one")
    assert turns.take("c")


def test_nobody_begins_while_one_has_become_worse() -> None:
    turns: Turns[str] = Turns(3)
    turns.take("a")
    turns.settle("a", wants=True, is_worse=True)
    assert not turns.take("b")
    assert turns.take("a")
    turns.settle("a", wants=True, is_worse=False)
    assert turns.take("b")


@settings(deadline=None)
@given(
    most=st.integers(1, 4),
    steps=st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=40),
)
def test_no_more_have_a_turn_than_may(most: int, steps: list[tuple[str, bool]]) -> None:
    turns: Turns[str] = Turns(most)
    having: set[str] = set()
    for key, wants in steps:
        if turns.take(key):
            having.add(key)
        assert len(having) <= most
        turns.settle(key, wants=wants)
        if not wants:
            having.discard(key)

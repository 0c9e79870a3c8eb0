"""How many indexes get another release at once: never more than the bound, and all in the end."""

from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_operator.plan.renewal import Renewal
from embedding_operator.plan.turns import Turns

OVER = Renewal()
ROLLING = Renewal(is_going_on=True, is_whole=False)
WORSE = Renewal(is_going_on=True, is_whole=False, is_degraded=True)
STUCK = Renewal(is_going_on=True, is_whole=False, is_degraded=True, is_stuck=True)
FALLEN = Renewal(is_whole=False, is_degraded=True)


def take(turns: Turns[str], key: str, *, is_well: bool = True) -> bool:
    return turns.take(key, is_well=is_well)


def test_whoever_needs_one_gets_it_while_there_are_any() -> None:
    turns: Turns[str] = Turns(2)
    assert [take(turns, each) for each in "abc"] == [True, True, False]
    assert take(turns, "a")
    assert [turns.has(each) for each in "abc"] == [True, True, False]


def test_a_turn_that_is_over_goes_to_another() -> None:
    turns: Turns[str] = Turns(1)
    take(turns, "a")
    turns.settle("a", ROLLING)
    assert not take(turns, "b")
    turns.settle("a", OVER)
    assert take(turns, "b")
    turns.give_back("b")
    turns.give_back("never had one")
    assert take(turns, "c")


def test_nobody_begins_while_one_has_become_worse_by_it() -> None:
    turns: Turns[str] = Turns(3)
    take(turns, "a")
    for renewal in (WORSE, STUCK, FALLEN):
        turns.settle("a", renewal)
        assert not take(turns, "b")
        assert turns.has("a")
    turns.settle("a", ROLLING)
    assert take(turns, "b")


def test_one_that_was_not_well_before_is_not_worse_and_does_not_keep_its_turn() -> None:
    turns: Turns[str] = Turns(2)
    take(turns, "a", is_well=False)
    turns.settle("a", WORSE)
    assert take(turns, "b")
    assert not take(turns, "c")
    turns.settle("a", STUCK)
    assert take(turns, "c")


def test_one_that_fails_without_another_release_takes_none() -> None:
    turns: Turns[str] = Turns(1)
    turns.settle("a", FALLEN)
    assert take(turns, "b")


def test_what_was_begun_before_a_restart_counts_until_it_is_stuck() -> None:
    turns: Turns[str] = Turns(1)
    turns.settle("a", WORSE)
    assert turns.has("a")
    assert not take(turns, "b")
    turns.settle("a", STUCK)
    turns.settle("a", STUCK)
    assert take(turns, "b")


@settings(deadline=None)
@given(
    most=st.integers(1, 4),
    steps=st.lists(
        st.tuples(
            st.sampled_from("abcdef"),
            st.booleans(),
            st.sampled_from([OVER, ROLLING, WORSE, STUCK, FALLEN]),
        ),
        max_size=40,
    ),
)
def test_no_more_have_a_turn_than_may_and_all_get_one_in_the_end(
    most: int, steps: list[tuple[str, bool, Renewal]]
) -> None:
    turns: Turns[str] = Turns(most)
    for key, is_well, renewal in steps:
        take(turns, key, is_well=is_well)
        turns.settle(key, renewal)
        assert sum(turns.has(each) for each in "abcdef") <= most
    for key in "abcdef":
        turns.settle(key, OVER)
    for key in "abcdef":
        assert take(turns, key)
        turns.settle(key, OVER)

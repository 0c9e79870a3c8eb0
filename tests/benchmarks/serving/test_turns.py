"""A turn counts if the machine was itself; what is missing is repeated, but not for ever."""

from benchmarks.serving.turns import Turn, choose, find_weak

GOOD, ALSO_GOOD, SLOW, SLOWEST = (Turn(gflops, {}) for gflops in (100.0, 80.0, 79.0, 10.0))


def test_a_turn_on_a_slow_machine_gives_way_to_its_repetition() -> None:
    assert choose([SLOW, GOOD, ALSO_GOOD], 100, wanted=2) == [GOOD, ALSO_GOOD]


def test_where_good_turns_are_few_the_best_others_count() -> None:
    assert choose([SLOWEST, SLOW, GOOD], 100, wanted=2) == [SLOW, GOOD]


def test_no_more_turns_count_than_are_wanted() -> None:
    assert choose([GOOD, ALSO_GOOD], 100, wanted=1) == [GOOD]


def test_a_load_with_a_slow_turn_is_repeated() -> None:
    assert find_weak({"a": [GOOD], "b": [SLOW]}, 100, wanted=1, most=2) == "b"


def test_a_load_is_not_repeated_for_ever() -> None:
    assert find_weak({"b": [SLOW, SLOWEST]}, 100, wanted=1, most=2) is None


def test_a_better_look_at_the_machine_makes_an_early_turn_slow() -> None:
    assert find_weak({"a": [GOOD]}, 100, wanted=1, most=2) is None
    assert find_weak({"a": [GOOD]}, 200, wanted=1, most=2) == "a"

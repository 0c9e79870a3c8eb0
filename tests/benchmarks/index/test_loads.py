"""Every call is made once and timed, whichever thread makes it."""

import threading

import pytest

from benchmarks.index.loads import Call, Timings, calling, time_calls


@pytest.mark.parametrize("threads", [1, 3])
def test_every_number_is_called_once(threads: int) -> None:
    called: list[int] = []
    timings = time_calls(lambda: called.append, range(10), threads)
    assert sorted(called) == list(range(10))
    assert len(timings.seconds) == 10


def test_each_thread_makes_a_call_of_its_own() -> None:
    callers: dict[int, set[int]] = {}

    def make() -> Call:
        own: set[int] = set()
        callers[len(callers)] = own
        return lambda _: own.add(threading.get_ident())

    time_calls(make, range(30), 3)
    assert len(callers) == 3
    assert all(len(threads) == 1 for threads in callers.values())


def test_what_a_call_raises_is_raised() -> None:
    def fail(number: int) -> None:
        raise ValueError(str(number))

    with pytest.raises(ValueError, match="0"):
        time_calls(lambda: fail, range(1))


def test_calls_go_on_while_the_block_runs() -> None:
    has_gone_round = threading.Event()

    def call(number: int) -> None:
        if number == 2:
            has_gone_round.set()

    with calling(call, 3) as timings:
        assert has_gone_round.wait(30)
    assert len(timings.seconds) >= 3


def test_percentiles_are_in_milliseconds() -> None:
    timings = Timings([0.001, 0.002, 0.003], 0.5)
    timings.extend(Timings([0.004], 0.5))
    assert timings.milliseconds(50) == pytest.approx(2.5)
    assert timings.per_second == 4

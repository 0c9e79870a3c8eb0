from hypothesis import given
from hypothesis import strategies as st

from embedding_service.telemetry.waits import Waits


def test_nothing_has_waited_at_first() -> None:
    assert Waits().mean == 0.0


def test_what_got_its_turn_of_late_counts_and_nothing_else() -> None:
    now = [0.0]
    waits = Waits(lambda: now[0])
    waits.add(4.0)
    waits.add(2.0)
    assert waits.mean == 3.0
    now[0] = 10.0
    waits.add(0.0)
    assert waits.mean == 2.0
    now[0] = 16.0
    assert waits.mean == 0.0
    now[0] = 60.0
    assert waits.mean == 0.0


@given(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 100)), max_size=200))
def test_however_much_comes_it_takes_no_more_room_and_tells_a_mean(
    turns: list[tuple[float, float]],
) -> None:
    now = [0.0]
    waits = Waits(lambda: now[0])
    for later, seconds in turns:
        now[0] += later
        waits.add(seconds)
        assert len(waits._slots) <= 16
        assert 0 <= waits.mean <= 100 + 1e-9

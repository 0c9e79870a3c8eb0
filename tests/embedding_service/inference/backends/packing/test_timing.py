"""Ways to compute the same are timed under the same conditions."""

from functools import partial

from embedding_service.inference.backends.packing.timing import Task, time_by_row


def test_ways_take_turns_so_that_a_busy_neighbour_hits_all() -> None:
    called: list[tuple[str, int]] = []

    def tasks_of(way: str) -> list[Task]:
        return [(rows, partial(called.append, (way, rows))) for rows in (16, 128)]

    seconds = time_by_row({way: tasks_of(way) for way in ("one", "other")})
    assert set(seconds) == {"one", "other"}
    rounds = len(called) // 4
    for start, rows in ((0, 16), (2 * rounds, 128)):
        turns = called[start : start + 2 * rounds]
        assert turns == [("one", rows), ("other", rows)] * rounds

"""Others are compared at a recall that both reach, and it is told who makes adds durable."""

from benchmarks.index.report.rivals import judge_adds, judge_queries, pick, tell_adds
from benchmarks.results import Result

LOW, RIGHT, SLOW = [1, 0.5, 0.1, 9_000], [2, 0.98, 0.5, 2_000], [3, 1.0, 1.0, 1_000]


def test_the_fastest_point_that_reaches_the_recall_is_taken() -> None:
    assert pick([LOW, RIGHT, SLOW]) == RIGHT


def test_where_none_reaches_it_the_nearest_is_taken() -> None:
    assert pick([LOW]) == LOW


def test_being_fast_and_wrong_does_not_help() -> None:
    result = Result(curves={"ours": [RIGHT], "chroma": [LOW, SLOW]})
    assert judge_queries("chroma")(result)


def test_who_does_not_fsync_is_named() -> None:
    figures = {
        "ours_adds_per_second": 10_000.0,
        "ours_syncs": 1.25,
        "lancedb_adds_per_second": 50_000.0,
        "lancedb_syncs": 0.0,
    }
    told = tell_adds("lancedb")(Result(figures))
    assert told == (
        "10,000 rows/s, 1.2 fsyncs a batch; LanceDB 50,000 rows/s, not durable: no fsync"
    )
    assert not judge_adds("lancedb")(Result(figures))

"""Each target gets the verdict that its figures earn."""

import pytest

from benchmarks.results import Result
from benchmarks.targets import Row, Target, Verdict, judge_all

SPEED = Target(
    "adds", "≥ 10", "adding", lambda r: f"{r.figures['rate']:g}", lambda r: r.figures["rate"] >= 10
)


def judge(result: Result | None, target: Target = SPEED) -> Row:
    (row,) = judge_all([target], {} if result is None else {"adding": result})
    return row


@pytest.mark.parametrize(
    ("rate", "others", "verdict"),
    [
        (10, 0.0, Verdict.MET),
        (9, 0.0, Verdict.NOT_MET),
        (10, 0.5, Verdict.MET_DISTURBED),
        (9, 0.5, Verdict.NOT_MET_DISTURBED),
    ],
)
def test_the_figure_decides_and_the_noise_is_told(
    rate: float, others: float, verdict: Verdict
) -> None:
    row = judge(Result({"rate": rate}, others=others))
    assert row == Row("adds", "≥ 10", f"{rate:g}", verdict)


def test_a_part_that_was_not_run_is_named() -> None:
    assert judge(None) == Row(
        "adds", "≥ 10", "the part `adding` has not been run", Verdict.NOT_MEASURED
    )


def test_a_part_that_could_not_be_measured_says_why() -> None:
    row = judge(Result(lacking="no PostgreSQL is installed"))
    assert (row.measured, row.verdict) == ("no PostgreSQL is installed", Verdict.NOT_MEASURED)


def test_a_target_that_nothing_measures_says_why() -> None:
    row = judge(None, Target("start", "≤ 10 s", lacking="not there yet"))
    assert (row.measured, row.verdict) == ("not there yet", Verdict.NOT_MEASURED)


def test_a_figure_without_a_target_is_told_all_the_same() -> None:
    target = Target("memory", "15 %", "adding", lambda _: "3 GiB", lacking="no estimate")
    row = judge(Result(), target)
    assert (row.measured, row.verdict) == ("no estimate; 3 GiB", Verdict.NOT_MEASURED)

"""The page tells what was measured, what was not, and whether it is enough."""

import pytest

from benchmarks.operator.report.page import Page, render
from benchmarks.operator.report.targets import TARGETS
from benchmarks.operator.scales import FULL, SMALL
from benchmarks.results import Result
from benchmarks.targets import Verdict, judge_all

RESTART = {
    "resync_seconds": 30.0,
    "writes": 0.0,
    "most_passes_at_once": 8.0,
    "most_requests_in_a_second": 50.0,
    "most_requests_in_10_seconds": 80.0,
    "requests": 90.0,
}
PROVISION = {
    "peak_memory_mib": 238.0,
    "memory_mib": 200.0,
    "empty_memory_mib": 90.0,
    "busiest_share_of_a_core": 0.5,
    "cpu_seconds_per_minute": 12.0,
    "most_requests_in_a_second": 51.0,
    "most_requests_in_10_seconds": 500.0,
    "requests_per_second": 49.0,
    "requests_of_an_index": 14.5,
    "written_seconds": 9.0,
    "ready_seconds": 290.0,
}


def test_a_run_without_results_is_a_page_all_the_same() -> None:
    page = render(Page(FULL, {}, ["Machine: none"]))
    assert "- Machine: none\n" in page
    assert "has not been run" in page
    assert "A trial" not in page


def test_a_trial_says_that_it_is_one() -> None:
    page = render(Page(SMALL, {}, []))
    assert "**A trial: 100 indexes instead of 1,000.**" in page
    assert "`make bench-operator ARGUMENTS='--scale small'`" in page


def test_a_target_that_is_missed_is_told_plainly() -> None:
    page = render(Page(FULL, {"provision": Result(PROVISION)}, []))
    assert (
        "| at most 51 in any second; in any 10 s 50 a second; on average 49 | **not met** |" in page
    )
    assert "ready after 290 s: 14.5 requests for each" in page


@pytest.mark.parametrize(
    ("figure", "enough", "too_much"),
    [
        ("resync_seconds", 60.0, 60.1),
        ("writes", 0.0, 1.0),
        ("most_passes_at_once", 8.0, 9.0),
        ("most_requests_in_a_second", 50.0, 51.0),
    ],
)
def test_a_restart_is_judged_by_each_of_its_bounds(
    figure: str, enough: float, too_much: float
) -> None:
    def judge(value: float) -> set[Verdict]:
        result = Result({**RESTART, figure: value})
        return {
            row.verdict
            for target, row in zip(TARGETS, judge_all(TARGETS, {"restart": result}), strict=True)
            if target.part == "restart"
        }

    assert judge(enough) == {Verdict.MET}
    assert judge(too_much) == {Verdict.MET, Verdict.NOT_MET}

"""The page tells what was measured, and what was not."""

from benchmarks.index.report.page import Page, render
from benchmarks.index.scales import FULL, SMALL
from benchmarks.results import Result

POINT = [10_000.0, 0.99871, 1.234, 2.345, 300 * 2.0**20, 20 * 2.0**20]
GROWTH = Result(curves={"sizes": [POINT]}, seconds=90, others=0.03, finished="2030-01-02 03:04 UTC")


def test_a_run_without_results_is_a_page_all_the_same() -> None:
    page = render(Page(FULL, {}, ["Machine: none"], []))
    assert "- Machine: none\n" in page
    assert "has not been run" in page
    assert "A trial" not in page


def test_a_trial_says_that_it_is_one() -> None:
    page = render(Page(SMALL, {}, [], []))
    assert "**A trial: 20,000 rows instead of 100,000" in page
    assert "`make bench-index ARGUMENTS='--scale small'`" in page


def test_growth_is_a_table_and_a_plot() -> None:
    images = ["images/bench-index-recall.svg", "images/bench-index-growth.svg"]
    page = render(Page(FULL, {"growth": GROWTH}, [], images))
    assert "| 10,000 | 0.9987 | 1.23 | 2.35 | 300 | 20 |" in page
    assert "![growth](images/bench-index-growth.svg)" in page
    assert "bench-index-recall.svg" not in page


def test_every_part_tells_how_quiet_it_was() -> None:
    page = render(Page(FULL, {"growth": GROWTH}, [], []))
    assert "| `growth` | 1.5 | 3% | 2030-01-02 03:04 UTC |" in page


def test_a_part_that_could_not_be_measured_says_why() -> None:
    page = render(Page(FULL, {"following": Result(lacking="no PostgreSQL")}, [], []))
    assert "Not measured: no PostgreSQL." in page

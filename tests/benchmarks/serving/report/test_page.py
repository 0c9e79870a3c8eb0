"""The page tells what was measured, what was not, and what changed."""

from pathlib import Path

from benchmarks.results import Result
from benchmarks.serving import book as books
from benchmarks.serving.book import Book, Entry
from benchmarks.serving.loads import SHORT
from benchmarks.serving.report.page import is_met, list_rows, render
from tests.benchmarks.serving.report.made import make_book, make_comparison, make_sample


def test_nothing_measured_is_a_page_all_the_same() -> None:
    page = render(Book())
    assert "the part `comparison` has not been run" in page
    assert "A trial" not in page


def test_a_trial_says_that_it_is_one() -> None:
    assert "**A trial: " in render(Book(scale="small"))


def test_every_peer_has_its_row_under_every_load() -> None:
    page = render(make_book(comparison=make_comparison()))
    assert page.count("| naive, 2 threads | ") == 4
    assert "| this | 500.0 [500.0 to 500.0] | 7.14 [7.14 to 7.14] | 5.0 | 8.0 | 9.0 |" in page


def test_a_generator_that_may_be_the_bottleneck_says_so() -> None:
    busy = make_comparison(ours={SHORT: [make_sample(500.0, generator=0.75)]})
    assert "may be what was measured" in render(make_book(comparison=busy))
    assert "may be what was measured" not in render(make_book(comparison=make_comparison()))


def test_rows_are_those_of_what_was_asked_for() -> None:
    book = make_book(comparison=make_comparison())
    rows = list_rows(book, ["comparison"])
    assert len(rows) == 17
    assert all(map(is_met, rows))
    assert {row.what for row in list_rows(book, ["mpnet"]) if not is_met(row)} == {
        "all-mpnet-base-v2, short texts, concurrency 32",
        "the same, one text at a time",
        "the same, 100 texts in a request",
    }


def test_a_second_run_is_compared_with_the_first(tmp_path: Path) -> None:
    book = make_book(comparison=make_comparison())
    book.enter("comparison", Entry(make_comparison(default=200.0), "digest", "def5678", "EPYC"))
    books.save(tmp_path / "benchmarks.json", book)
    page = render(books.load(tmp_path / "benchmarks.json"))
    assert "It was of commit abc1234, 2030-01-02 03:04 UTC, on EPYC" in page
    assert "| concurrency 32, short | this | 500.0 | 500.0 | 1.00 | 1.00 |" in page
    assert "another processor" not in page


def test_another_machine_is_not_compared_silently() -> None:
    book = make_book(comparison=make_comparison())
    book.enter("comparison", Entry(make_comparison(), "digest", "def5678", "Xeon"))
    assert "**another processor, so that speeds do not compare.**" in render(book)


def test_what_takes_longer_has_its_tables() -> None:
    curve = [[x, *make_sample(x).write()] for x in (1.0, 2.0)]
    names = ("connections_short", "connections_mixed", "lengths", "batches", "models")
    book = make_book(
        growth=Result(curves=dict.fromkeys(names, curve)),
        soak=Result(
            curves={"minutes": [[1, 9.0, 1.0, 90.0, 50.0, 0], [2, 9.0, 1.0, 9.0, 50.0, 0]]}
        ),
        clients=Result(curves={"openai": [[4.0, 300.0]]}),
        starts=Result(
            curves={"ours": [[4.0], [5.0], [3.0]], "naive_1": [[9.0]], "naive_2": [[8.0]]}
        ),
        mpnet=Result(lacking="it is not here"),
    )
    page = render(book)
    assert "| models, 32 connections, short texts | texts/s |" in page
    assert "| openai | 4.0 | 300.0 |" in page
    assert "| 1 | 9.0 | 1 | 90 | 50 | 0 |" in page
    assert "| this | 4.0 [3.0 to 5.0] |" in page
    assert "Not measured: it is not here." in page

"""The page about performance shows what levers bring, and nothing else of it is touched."""

import pytest

from benchmarks.results import Result
from benchmarks.serving.book import Book
from benchmarks.serving.levers import LEVERS
from benchmarks.serving.loads import LOADS
from benchmarks.serving.report.performance import BEGIN, END, insert_ablation
from tests.benchmarks.serving.report.made import make_book

PAGE = f"before\n{BEGIN}\nold\n{END}\nafter\n"


def test_the_table_takes_the_place_of_what_was_there() -> None:
    curves = {f"packed/{load.name}": [[2.0, 10.0, 5.0, 1.0]] for load in LOADS}
    page = insert_ablation(PAGE, make_book(ablation=Result(curves=curves)))
    assert page.startswith(f"before\n{BEGIN}\n")
    assert page.endswith(f"{END}\nafter\n")
    assert "old" not in page
    assert f"| {LEVERS[0].title} | 2.00 [2.00 to 2.00] |" in page
    assert insert_ablation(page, make_book(ablation=Result(curves=curves))) == page


def test_a_setting_that_is_not_there_says_so() -> None:
    result = Result(notes={"cache": "no setting EMBEDDING_CACHE_SIZE"})
    page = insert_ablation(PAGE, make_book(ablation=result))
    assert "| no setting EMBEDDING_CACHE_SIZE |" in page


def test_what_was_not_measured_says_so() -> None:
    assert "Not measured yet" in insert_ablation(PAGE, Book())


def test_a_page_without_the_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has to hold the lines"):
        insert_ablation("before\nafter\n", Book())

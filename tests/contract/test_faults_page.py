"""The page of faults: all of them, and every test that it names is there."""

import ast
import re

import pytest

from generate import ROOT

PAGE = (ROOT / "docs/faults.md").read_text(encoding="utf-8")
ROWS = {
    int(number): cells for number, cells in re.findall(r"^\| (\d+) \| (.*) \|$", PAGE, re.MULTILINE)
}
LEAST = 22
"""Faults that every store of documents should have an answer to."""


def list_tests() -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_test_that_the_page_names_is_there() -> None:
    assert set(re.findall(r"`(test_\w+)`", PAGE)) - list_tests() == set()


def test_the_page_names_tests_in_code_alone() -> None:
    assert len(re.findall(r"\btest_\w+", PAGE)) == len(re.findall(r"`test_\w+`", PAGE))


def test_every_fault_has_its_row() -> None:
    assert list(ROWS) == list(range(1, len(ROWS) + 1))
    assert len(ROWS) >= LEAST


@pytest.mark.parametrize("number", ROWS)
def test_every_row_has_a_test_or_says_why_not(number: int) -> None:
    *_, shown = ROWS[number].split(" | ")
    assert "`test_" in shown or "Not tested: " in shown

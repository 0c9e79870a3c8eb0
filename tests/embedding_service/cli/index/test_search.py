import re
from pathlib import Path

import pytest

from index_commands import IndexCommands, write_lines


@pytest.fixture
def filled(index: IndexCommands, name: str, empty_surroundings: Path) -> IndexCommands:
    rows = [
        {"id": "a", "text": "a cat", "metadata": {"year": 2023}},
        {"id": "b", "text": "a dog", "metadata": {"year": 2024}},
        {"id": "c", "text": "cats\nand \x1b[31mdogs [red]", "metadata": {"year": 2024}},
    ]
    path = write_lines(empty_surroundings / "rows.jsonl", rows)
    index.do("import", name, path, "--create", "--field", "year:int")
    return index


def ids(commands: IndexCommands, *arguments: str) -> list[list[str]]:
    answer = commands.read("search", *arguments)
    return [[hit["id"] for hit in found["results"]] for found in answer["searches"]]


def test_finds_the_nearest_of_each_query(filled: IndexCommands, name: str) -> None:
    assert ids(filled, name, "a dog", "a cat", "--top-k", "1", "--exact") == [["b"], ["a"]]
    assert ids(filled, name, "a dog", "--threshold", "0.99") == [["b"]]
    assert ids(filled, name, "a dog", "--filter", '{"year": 2023}') == [["a"]]


def test_shows_a_table_a_query_and_nothing_that_moves_the_terminal(
    filled: IndexCommands, name: str
) -> None:
    told = filled.do("search", name, "a dog", "who [bold]")
    assert told.count("Score") == 2
    assert "who [bold]" in told
    assert re.search(r"1\.0000 +b +a dog", told)
    assert "cats and \N{REPLACEMENT CHARACTER}[31mdogs [red]" in told


def test_a_long_text_is_cut_to_the_terminal(there: IndexCommands, name: str) -> None:
    there.do("create", name)
    there.do("add", name, "word " * 100)
    assert max(map(len, there.do("search", name, "word").splitlines())) <= 80


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--filter", "{"], "is no JSON"),
        (["--filter", "[]"], "is no JSON object"),
        (["--threshold", "nan"], "is no finite number"),
        (["--top-k", "0"], "Invalid value for '--top-k'"),
    ],
)
def test_a_wrong_call_is_code_2(here: IndexCommands, options: list[str], told: str) -> None:
    assert told in here.fail("search", "name", "query", *options, code=2)


def test_what_the_service_refuses_is_told_in_its_words(index: IndexCommands, name: str) -> None:
    index.do("create", name)
    assert "MAX_TOP_K" in index.fail("search", name, "x", "--top-k", "100000")
    assert "year" in index.fail("search", name, "x", "--filter", '{"year": 1}')

import io
from pathlib import Path

import pytest

from index_commands import IndexCommands, write_lines


@pytest.fixture
def filled(there: IndexCommands, name: str, empty_surroundings: Path) -> IndexCommands:
    rows = [{"id": str(n), "vector": [n, 1], "metadata": {"n": n}} for n in range(4)]
    path = write_lines(empty_surroundings / "rows.jsonl", rows)
    there.do("import", name, path, "--create", "--field", "n:int", "--no-model", "--dimension", "2")
    return there


def test_removes_documents_by_id(filled: IndexCommands, name: str) -> None:
    told = filled.do("delete", name, "--id", "1", "--id", "x")
    assert told == "1 documents removed; not there: x\n"
    assert filled.do("delete", name, "--id", "2") == "1 documents removed\n"
    assert filled.read("show", name)["documents"] == 2


def test_removes_what_a_filter_finds(filled: IndexCommands, name: str) -> None:
    assert filled.do("delete", name, "--filter", '{"n": {"gte": 1}}') == "3 documents removed\n"
    assert filled.read("show", name)["documents"] == 1


def test_removes_an_index(filled: IndexCommands, name: str) -> None:
    assert filled.do("delete", name, "--yes") == f"{name} deleted\n"
    assert "no index" in filled.fail("show", name)
    assert "no index" in filled.fail("delete", name, "--yes")


@pytest.mark.parametrize("answer", ["", "other\n"])
def test_another_name_removes_nothing(
    filled: IndexCommands, name: str, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(answer))
    told = filled.fail("delete", name)
    assert "4 documents go for ever" in told
    assert filled.read("show", name)["documents"] == 4


def test_the_name_again_removes_the_index(
    filled: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{name}\n"))
    assert filled.do("delete", name).endswith(f"{name} deleted\n")


def test_an_alias_is_no_name_to_delete_by(here: IndexCommands, name: str) -> None:
    here.do("create", name, "--no-model", "--dimension", "3")
    here.do("alias", "second", name)
    assert f"second is an alias of {name}" in here.fail("delete", "second")
    assert "no index 'second'" in here.fail("delete", "second", "--yes")


def test_ids_and_a_filter_do_not_go_together(here: IndexCommands) -> None:
    told = here.fail("delete", "name", "--id", "1", "--filter", "{}", code=2)
    assert "give one of them" in told

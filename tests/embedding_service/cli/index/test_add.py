import io

import pytest

from embedding_service.cli.index import add
from index_commands import IndexCommands


def test_what_was_added_is_found(index: IndexCommands, name: str) -> None:
    index.do("create", name)
    first, second = index.do("add", name, "a cat", "a dog").split()
    (answer,) = index.read("search", name, "a dog", "--top-k", "1")["searches"]
    assert [hit["id"] for hit in answer["results"]] == [second]
    assert first != second


def test_lines_come_from_stdin(
    there: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(add, "_TOGETHER", 2)
    monkeypatch.setattr("sys.stdin", io.StringIO("one\n\n  two\nthree\n"))
    there.do("create", name)
    assert len(there.do("add", name, "-").split()) == 3
    assert there.read("show", name)["documents"] == 3


def test_nothing_on_stdin_adds_nothing(
    there: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    assert not there.do("add", name, "-")


def test_the_default_index_needs_no_making(here: IndexCommands) -> None:
    here.do("add", "default", "one")
    assert here.read("show", "default")["documents"] == 1


def test_unfit_texts_are_told(
    here: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here.do("create", name)
    assert "is empty or blank" in here.fail("add", name, "one", " ")
    assert "cannot be said in JSON" in here.fail("add", name, "\udcff")
    bad = io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8")
    monkeypatch.setattr("sys.stdin", bad)
    assert "is no UTF-8" in here.fail("add", name, "-")
    assert here.read("show", name)["documents"] == 0


def test_an_index_of_vectors_takes_no_texts(here: IndexCommands, name: str) -> None:
    here.do("create", name, "--no-model", "--dimension", "3")
    assert "has no model" in here.fail("add", name, "one")

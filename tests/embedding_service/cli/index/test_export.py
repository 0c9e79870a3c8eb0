from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest

from embedding_service.cli.index import indexes
from embedding_service.cli.index.answers import StoredDocument
from embedding_service.cli.index.indexes import Indexes
from index_commands import IndexCommands, read_export, vectors, write_lines

METADATA = [None, {}, {"year": 2024, "tags": ["a", "b"], "deep": {"x": [1.5, None]}}]


@pytest.fixture
def filled(index: IndexCommands, name: str, empty_surroundings: Path) -> IndexCommands:
    rows = [
        {"id": f"é/{n}", "text": f"line\n{n}" if n % 2 else None, "metadata": METADATA[n % 3],
         "vector": vector.tolist()}
        for n, vector in enumerate(vectors(10))
    ]  # fmt: skip
    path = write_lines(empty_surroundings / "rows.jsonl", rows)
    options = ["--create", "--no-model", "--dimension", "4", "--field", "year:int"]
    index.do("import", name, path, *options)
    return index


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_an_export_can_be_imported_and_is_the_same(
    filled: IndexCommands, name: str, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexes, "_PAGE", 3)
    first, second = Path(f"first{suffix}"), Path(f"second{suffix}")
    filled.do("export", name, first)
    options = ["--create", "--no-model", "--dimension", "4", "--field", "year:int"]
    filled.do("import", f"{name}-2", first, *options)
    filled.do("export", f"{name}-2", second)
    before, after = read_export(first), read_export(second)
    assert list(before) == list(after) == [f"é/{n}" for n in range(10)]
    for n, (one, other) in enumerate(zip(before.values(), after.values(), strict=True)):
        assert one["text"] == other["text"] == (f"line\n{n}" if n % 2 else None)
        assert one["metadata"] == other["metadata"] == METADATA[n % 3]
        # Made of unit length once more, which may move a last digit.
        np.testing.assert_allclose(one["vector"], other["vector"], rtol=1e-6, atol=1e-7)
        np.testing.assert_allclose(one["vector"], vectors(10)[n], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("suffix", [".jsonl", ".parquet"])
def test_an_empty_index_is_an_empty_file(here: IndexCommands, name: str, suffix: str) -> None:
    here.do("create", name, "--no-model", "--dimension", "3")
    assert "0 documents" in here.run("export", name, f"o{suffix}").err
    assert read_export(Path(f"o{suffix}")) == {}
    assert "0 documents" in here.run("import", name, f"o{suffix}").err


def test_an_export_by_alias_stays_with_its_index(there: IndexCommands, name: str) -> None:
    there.do("create", name)
    there.do("add", name, "one")
    there.do("alias", f"{name}-a", name)
    assert f"1 documents of {name}-a" in there.run("export", f"{name}-a", "o.jsonl").err


def test_a_file_is_replaced_only_when_told(here: IndexCommands, name: str) -> None:
    here.do("create", name, "--no-model", "--dimension", "3")
    Path("o.jsonl").write_text("old")
    assert "replace it with --overwrite" in here.fail("export", name, "o.jsonl")
    here.do("export", name, "o.jsonl", "--overwrite")
    assert Path("o.jsonl").read_text() == ""


def test_another_format_is_refused(here: IndexCommands) -> None:
    assert "are written to .jsonl, .parquet" in here.fail("export", "name", "o.csv")


def test_a_file_that_is_not_whole_does_not_appear(
    filled: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def pages(self: Indexes, name: str) -> AsyncIterator[list[StoredDocument]]:
        async for page in every_page(self, name):
            yield page
        raise OSError(28, "No space left on device")

    every_page = Indexes.pages
    before = sorted(Path().iterdir())
    monkeypatch.setattr(Indexes, "pages", pages)
    assert "No space left" in filled.fail("export", name, "o.parquet")
    assert sorted(Path().iterdir()) == before

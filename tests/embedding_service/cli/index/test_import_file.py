from pathlib import Path

import numpy as np
import pytest

from embedding_service.cli.index import indexes
from index_commands import IndexCommands, read_export, vectors, write_lines, write_vectors

MAKE = ["--create", "--no-model", "--dimension", "4"]


def exported(commands: IndexCommands, name: str) -> dict[str, dict[str, object]]:
    commands.do("export", name, "exported.jsonl", "--overwrite")
    return read_export(Path("exported.jsonl"))


def test_texts_are_embedded_and_found(index: IndexCommands, name: str) -> None:
    Path("rows.csv").write_text("id,text,year,draft\n1,a cat,2023,False\n2,a dog,2024,true\n3,,,\n")
    arguments = ["rows.csv", "--create", "--field", "year:int", "--field", "draft:bool"]
    told = index.fail("import", name, *arguments, "--metadata-column", "rest")
    assert "rows.csv: neither text nor vector in row 3" in told
    outcome = index.run(
        "import", name, *arguments, "--metadata-column", "rest", "--skip-empty", "--batch-size", "1"
    )
    assert outcome.code == 0, outcome.err
    report = "2 documents of rows.csv; 1 rows with neither text nor vector left out"
    assert outcome.err.splitlines()[-1] == f"{name}: {report}"
    (answer,) = index.read("search", name, "a dog", "--filter", '{"draft": true}')["searches"]
    assert [hit["id"] for hit in answer["results"]] == ["2"]
    assert answer["results"][0]["metadata"] == {"year": 2024, "draft": True}
    assert not list(Path().glob("*.partial"))


def test_vectors_come_as_they_are(index: IndexCommands, name: str) -> None:
    path = write_vectors(Path("rows.parquet"), vectors(600), key=range(600), year=[2024] * 600)
    options = ["--id-column", "key", "--metadata-column", "year"]
    index.do("import", name, path, *MAKE, *options)
    documents = exported(index, name)
    found = np.array([documents[str(n)]["vector"] for n in range(600)], np.float32)
    np.testing.assert_allclose(found, vectors(600), rtol=1e-6, atol=1e-7)
    assert {str(each["metadata"]) for each in documents.values()} == {"{'year': 2024}"}


def test_a_document_without_an_id_has_the_same_one_every_time(
    here: IndexCommands, name: str
) -> None:
    path = write_vectors(Path("rows.parquet"), vectors(5))
    for _ in range(2):
        here.do("import", name, path, *MAKE)
        assert here.read("show", name)["documents"] == 5
    write_vectors(path, vectors(6))
    here.do("import", name, path)
    assert here.read("show", name)["documents"] == 11


def test_what_was_removed_can_be_imported_again(here: IndexCommands, name: str) -> None:
    path = write_lines(Path("rows.jsonl"), [{"id": "a", "vector": [1, 2, 3, 4]}])
    here.do("import", name, path, *MAKE)
    here.do("delete", name, "--id", "a")
    here.do("import", name, path)
    assert here.read("show", name)["documents"] == 1


def test_the_last_of_one_id_counts(here: IndexCommands, name: str) -> None:
    rows = [{"id": "same", "vector": [1, 0, 0, 0], "metadata": {"n": n}} for n in range(8)]
    here.do("import", name, write_lines(Path("rows.jsonl"), rows), *MAKE, "--batch-size", "1")
    assert exported(here, name)["same"]["metadata"] == {"n": 7}


def test_an_alias_is_imported_into_its_index(here: IndexCommands, name: str) -> None:
    here.do("create", name, "--no-model", "--dimension", "4")
    here.do("alias", "second", name)
    outcome = here.run("import", "second", write_vectors(Path("rows.parquet"), vectors(3)))
    assert outcome.err.splitlines()[-1] == f"{name}: 3 documents of rows.parquet"


def test_what_is_too_much_for_one_request_goes_in_two(
    here: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_TEXTS", "3")
    here.do("import", name, write_vectors(Path("rows.parquet"), vectors(10)), *MAKE)
    assert here.read("show", name)["documents"] == 10


def test_what_is_too_much_even_alone_is_named(
    here: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_BODY_SIZE", "1024")
    rows = [{"vector": [1, 2, 3, 4], "text": "x" * size} for size in (1, 1, 2000)]
    told = here.fail("import", name, write_lines(Path("rows.jsonl"), rows), *MAKE)
    assert "rows.jsonl, line 3: " in told
    assert "MAX_BODY_SIZE" in told


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"id": "a", "vector": [1, 2, 3]}, "vector has 3 dimensions instead of 4"),
        ({"id": "x" * 513, "vector": [1, 2, 3, 4]}, "id is longer than 512 bytes"),
    ],
    ids=["before anything is sent", "by the service"],
)
def test_a_bad_row_is_named(index: IndexCommands, name: str, row: object, told: str) -> None:
    good = [{"vector": vector.tolist()} for vector in vectors(3)]
    path = write_lines(Path("rows.jsonl"), [*good, row])
    assert f"rows.jsonl, line 4: {told}" in index.fail("import", name, path, *MAKE)
    assert index.read("show", name)["documents"] == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["rows.txt"], "documents are read from .csv, .jsonl, .parquet"),
        (["none.csv"], "none.csv: No such file or directory"),
        (["bad.parquet"], "is no Parquet file that can be read"),
        (["rows.jsonl", "--id-column", "key"], "has no id in 'key'"),
        (["rows.jsonl", "--metadata-column", "year"], "has no column 'year'; it has: id, vector"),
        (["empty.jsonl"], "Name their columns"),
    ],
)  # fmt: skip
def test_what_a_person_can_mend_is_told(
    here: IndexCommands, name: str, arguments: list[str], told: str
) -> None:
    Path("bad.parquet").write_bytes(b"nonsense")
    write_lines(Path("rows.jsonl"), [{"id": "a", "vector": [1, 2, 3, 4]}])
    write_lines(Path("empty.jsonl"), [{"id": "a"}])
    before = sorted(Path().iterdir())
    assert told in here.fail("import", name, *arguments, *MAKE)
    assert sorted(Path().iterdir()) == before


def test_an_index_that_is_not_there_can_be_made(index: IndexCommands, name: str) -> None:
    path = write_vectors(Path("rows.parquet"), vectors(3))
    assert "Make it first, or with --create" in index.fail("import", name, path)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--dimension", "3"], "goes with --create"),
        (["--metadata-column", "rest", "--metadata-column", "x"], "`rest` is given alone"),
        (["--batch-size", "0"], "Invalid value for '--batch-size'"),
    ],
)
def test_a_wrong_call_is_code_2(here: IndexCommands, options: list[str], told: str) -> None:
    assert told in here.fail("import", "name", "rows.jsonl", *options, code=2)


def test_a_file_that_changes_meanwhile_is_told(
    here: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_lines(Path("rows.jsonl"), [{"id": "a", "vector": [1, 2, 3, 4]}])
    add = indexes.Indexes.add

    async def add_and_change(self: indexes.Indexes, *arguments: object) -> object:
        path.write_text(path.read_text() + "\n")
        return await add(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(indexes.Indexes, "add", add_and_change)
    assert "has changed while it was imported" in here.fail("import", name, path, *MAKE)

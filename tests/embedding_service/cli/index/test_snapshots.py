import io
from pathlib import Path

import pytest

from index_commands import IndexCommands, vectors, write_lines


@pytest.fixture
def filled(here: IndexCommands, name: str, empty_surroundings: Path) -> IndexCommands:
    fill(here, name, empty_surroundings, 0)
    return here


def fill(index: IndexCommands, name: str, folder: Path, first: int) -> None:
    rows = [
        {"id": str(first + row), "vector": vector.tolist(), "text": f"text {first + row}"}
        for row, vector in enumerate(vectors(5))
    ]
    path = write_lines(folder / f"{first}.jsonl", rows)
    index.do("import", name, path, "--create", "--no-model", "--dimension", "4")


def test_a_snapshot_is_made_listed_checked_and_restored(
    index: IndexCommands, name: str, empty_surroundings: Path
) -> None:
    fill(index, name, empty_surroundings, 0)
    made = index.read("snapshot", name)
    (listed,) = index.read("snapshot", name, "--list")["snapshots"]
    assert (listed["id"], listed["count"], listed["version"]) == (made["snapshot"], 5, 5)
    assert made["snapshot"][:6] in index.do("snapshot", name, "--list")
    told = index.do("restore", name, "--into", f"{name}-2")
    assert told == f"{name}-2: 5 of 5 documents put back, 0 removed; version 5\n"
    fill(index, name, empty_surroundings, 3)
    told = index.do("restore", name, "--yes", "--snapshot", made["snapshot"])
    assert told == f"{name}: 2 of 5 documents put back, 3 removed; version 15\n"
    told = index.do("check", name, "--snapshot", "newest")
    assert told == f"{name}: 5 documents read: sound\n"
    assert index.read("check", name, "--repair")["problems"] == []


def test_a_snapshot_tells_what_it_holds(filled: IndexCommands, name: str) -> None:
    told = filled.do("snapshot", name)
    assert told.startswith(f"{name}: snapshot ")
    assert "of 5 documents at version 5, 0.0 MB" in told


def test_another_name_restores_nothing(
    filled: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.do("snapshot", name)
    monkeypatch.setattr("sys.stdin", io.StringIO("other\n"))
    assert "nothing was restored" in filled.fail("restore", name)
    assert filled.read("show", name)["version"] == 5


def test_what_is_not_there_is_told(filled: IndexCommands, name: str) -> None:
    assert "no snapshot 'newest'" in filled.fail("restore", name, "--yes")
    assert "no snapshot 'unknown'" in filled.fail("check", name, "--snapshot", "unknown")
    assert "no index 'none'" in filled.fail("snapshot", "none")


def test_damage_is_found_and_told_by_the_exit_code(
    filled: IndexCommands, name: str, tmp_path: Path
) -> None:
    filled.do("snapshot", name)
    for blob in (tmp_path / "data" / "snapshots").glob("*/blobs/*.parquet"):
        blob.write_bytes(b"")
    outcome = filled.run("check", name, "--snapshot", "newest")
    assert outcome.code == 1
    assert "found 0 bytes" in outcome.out
    assert "5 documents read: 1 problems" in outcome.out
    assert "found 0 bytes" in filled.fail("restore", name, "--yes")


def test_an_index_that_is_gone_comes_back(filled: IndexCommands, name: str) -> None:
    uid = filled.read("show", name)["uid"]
    filled.do("snapshot", name)
    filled.do("delete", name, "--yes")
    told = filled.do("restore", name, "--from-uid", uid, "--yes")
    assert told == f"{name}: 5 of 5 documents put back, 0 removed; version 5\n"

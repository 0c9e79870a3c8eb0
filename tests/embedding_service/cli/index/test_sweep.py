from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from embedding_service.cli.index import sweep
from index_commands import IndexCommands, vectors, write_lines
from live_server import LiveServer

LATER = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"
EARLIER = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}"


@pytest.fixture(autouse=True)
def _quieter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "configure_logs", lambda *_: None)


@pytest.fixture
def ids(
    index: IndexCommands, name: str, empty_surroundings: Path, monkeypatch: pytest.MonkeyPatch
) -> list[str]:
    """Three snapshots, oldest first, of the index that the settings name from now on."""
    rows = [{"id": str(row), "vector": each.tolist()} for row, each in enumerate(vectors(5))]
    path = write_lines(empty_surroundings / "rows.jsonl", rows)
    index.do("import", name, path, "--create", "--no-model", "--dimension", "4")
    made = [index.read("snapshot", name)["snapshot"] for _ in range(3)]
    uid = index.read("show", name)["uid"]
    monkeypatch.setenv("INDEX_NAME", name)
    monkeypatch.setenv("INDEX_UID", uid)
    return made


def left(index: IndexCommands, name: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids, oldest first."""
    monkeypatch.delenv("INDEX_NAME")
    monkeypatch.delenv("INDEX_UID")
    listed = index.read("snapshot", name, "--list")["snapshots"]
    return [each["id"] for each in listed[::-1]]


@pytest.fixture
def command(
    index: IndexCommands,
    server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> IndexCommands:
    """In this process, also on the folder that a running server has locked."""
    if not index.here:
        monkeypatch.setenv("DATA_DIR", str(server.folder / "data"))
    return IndexCommands([], capsys, here=True)


def test_what_is_neither_named_nor_the_newest_goes(
    index: IndexCommands,
    command: IndexCommands,
    name: str,
    ids: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert command.read("sweep", "--made-by", LATER, ids[1])["dropped"] == ids[:1]
    assert "0 snapshots dropped" in command.do("sweep", "--made-by", LATER, ids[1])
    assert left(index, name, monkeypatch) == ids[1:]
    assert index.do("check", name, "--snapshot", ids[1]) == f"{name}: 5 documents read: sound\n"


def test_what_was_made_after_the_list_stays(
    index: IndexCommands,
    command: IndexCommands,
    name: str,
    ids: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert command.read("sweep", "--made-by", EARLIER)["dropped"] == []
    assert left(index, name, monkeypatch) == ids


def test_it_takes_an_index_and_a_time(here: IndexCommands) -> None:
    assert "INDEX_NAME" in here.fail("sweep", "--made-by", LATER)
    assert "--made-by" in here.fail("sweep", code=2)


def test_an_index_that_was_never_there_has_nothing_to_sweep(
    here: IndexCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INDEX_NAME", "none")
    assert "none: 0 snapshots dropped" in here.do("sweep", "--made-by", LATER)


@pytest.mark.parametrize("index", ["here"], indirect=True)
def test_files_that_cannot_be_judged_are_told(
    command: IndexCommands, ids: list[str], tmp_path: Path
) -> None:
    newest = max((tmp_path / "data" / "snapshots").glob("*/snapshots/*.json"))
    newest.write_bytes(b"")
    assert newest.name in command.fail("sweep", "--made-by", LATER, *ids)

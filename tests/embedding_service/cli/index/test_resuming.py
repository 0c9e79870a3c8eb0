"""An import that is killed goes on, and neither loses a document nor adds one twice."""

import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index import import_file
from embedding_service.cli.index.answers import Written
from embedding_service.cli.index.indexes import Indexes
from environment import clean_environment
from index_commands import IndexCommands, read_export, vectors, write_vectors

ROWS, BATCH = 60, 4
MAKE = ["--create", "--no-model", "--dimension", "4", "--batch-size", str(BATCH)]
PROGRAM = Path(__file__).parents[3] / "support" / "dying_import.py"
SECONDS = 60


@pytest.fixture
def rows() -> Path:
    return write_vectors(Path("rows.parquet"), vectors(ROWS))


def assert_whole(commands: IndexCommands, name: str) -> None:
    """Every document is there, and each was written once: a replacement takes a version too."""
    facts = commands.read("show", name)
    assert (facts["documents"], facts["version"]) == (ROWS, ROWS)
    commands.do("export", name, "exported.jsonl")
    found = {
        row.rpartition("-")[2]: each for row, each in read_export(Path("exported.jsonl")).items()
    }
    for n, vector in enumerate(vectors(ROWS), 1):
        np.testing.assert_allclose(found[str(n)]["vector"], vector, rtol=1e-6, atol=1e-7)


def test_goes_on_where_it_was_killed(
    here: IndexCommands, name: str, rows: Path, tmp_path: Path
) -> None:
    environment = clean_environment(DATA_DIR=str(tmp_path / "data"), EMBEDDING_MODEL="hashing:16")
    killed = subprocess.run(
        [sys.executable, PROGRAM, "6", name, rows, *MAKE],
        env=environment,
        timeout=SECONDS,
        capture_output=True,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert Path(f"rows.parquet.import-{name}.partial").is_dir()

    outcome = here.run("import", name, rows, *MAKE)
    assert outcome.code == 0, outcome.err
    assert f"{ROWS} documents of rows.parquet" in outcome.err
    assert_whole(here, name)
    assert not list(Path().glob("*.partial"))


def fail_after(batches: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let adding fail for good when so many batches are there."""
    add, left = Indexes.add, iter(range(batches))

    async def fail(
        self: Indexes, name: str, documents: Sequence[bytes], key: str | None = None
    ) -> Written:
        if next(left, None) is None:
            raise Complaint("the cable is cut")
        return await add(self, name, documents, key)

    monkeypatch.setattr(Indexes, "add", fail)


def test_tells_what_an_earlier_run_has_done(
    index: IndexCommands, name: str, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(import_file, "_IN_FLIGHT", 1)
        fail_after(8, patch)
        assert "the cable is cut" in index.fail("import", name, rows, *MAKE)
    outcome = index.run("import", name, rows, *MAKE)
    report = f"{name}: 60 documents of rows.parquet, 32 of them by an earlier run"
    assert outcome.err.splitlines()[-1] == report
    assert_whole(index, name)


def test_another_job_may_not_go_on_with_it(
    here: IndexCommands, name: str, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        fail_after(2, patch)
        here.fail("import", name, rows, *MAKE)
    other = [*MAKE[:-1], "7"]
    told = here.fail("import", name, rows, *other)
    assert "batch_size was 4 and is now 7" in told
    assert "begin afresh with --restart" in told
    here.do("import", name, rows, *other, "--restart")
    assert here.read("show", name)["documents"] == ROWS

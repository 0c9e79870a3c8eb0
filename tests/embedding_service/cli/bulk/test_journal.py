from pathlib import Path

import numpy as np
import pytest

from embedding_service.cli.bulk.encoders import Vectors
from embedding_service.cli.bulk.journal import open_journal
from embedding_service.cli.complaints import Complaint

MANIFEST = {"input": "abc", "dimensions": None, "normalise": True}
VECTORS = Vectors(np.array([[1, 2], [3, 4]], np.float32), [1])


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "out.npy"


def test_a_slice_is_read_back_by_the_next_run(output: Path) -> None:
    with open_journal(output, restart=False) as journal:
        journal.begin(MANIFEST)
        journal.write(7, VECTORS)
    with open_journal(output, restart=False) as journal:
        journal.begin(dict(reversed(MANIFEST.items())))
        assert journal.done() == {7}
        found = journal.read(7)
    np.testing.assert_array_equal(found.matrix, VECTORS.matrix)
    assert found.truncated == [1]


def test_a_half_written_slice_does_not_count(output: Path) -> None:
    with open_journal(output, restart=False) as journal:
        journal.begin(MANIFEST)
        (journal.folder / "00000003.draft").write_bytes(b"PK half")
        assert journal.done() == set()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"input": "abd"}, "input was 'abc' and is now 'abd'"),
        ({"dimensions": 8}, "dimensions was None and is now 8"),
        ({"further": 1}, "further was None and is now 1"),
    ],
)
def test_another_job_may_not_go_on(output: Path, change: dict[str, object], told: str) -> None:
    with open_journal(output, restart=False) as journal:
        journal.begin(MANIFEST)
    with open_journal(output, restart=False) as journal, pytest.raises(Complaint) as caught:
        journal.begin(MANIFEST | change)
    assert told in str(caught.value)
    assert "--restart" in str(caught.value)


def test_a_restart_forgets_what_was_done(output: Path) -> None:
    with open_journal(output, restart=False) as journal:
        journal.begin(MANIFEST)
        journal.write(0, VECTORS)
    with open_journal(output, restart=True) as journal:
        journal.begin(MANIFEST | {"input": "other"})
        assert journal.done() == set()


def test_a_damaged_manifest_says_the_way_out(output: Path) -> None:
    with open_journal(output, restart=False) as journal:
        journal.begin(MANIFEST)
        (journal.folder / "manifest.json").write_text("{")
    with (
        open_journal(output, restart=False) as journal,
        pytest.raises(Complaint, match=r"manifest\.json: is no JSON; begin afresh"),
    ):
        journal.begin(MANIFEST)


@pytest.mark.parametrize("cut", [0, 10, -30])
def test_a_damaged_slice_is_named(output: Path, cut: int) -> None:
    with open_journal(output, restart=False) as journal:
        journal.write(0, VECTORS)
        path = journal.folder / "00000000.npz"
        path.write_bytes(path.read_bytes()[:cut])
        with pytest.raises(Complaint, match=r"00000000\.npz: is damaged .* delete it"):
            journal.read(0)


def test_only_one_process_may_work_on_an_output(output: Path) -> None:
    with (
        open_journal(output, restart=False),
        pytest.raises(Complaint, match="another process is at work on it"),
        open_journal(output, restart=True),
    ):
        pass


def test_who_is_refused_leaves_the_folder_to_its_owner(output: Path) -> None:
    with open_journal(output, restart=False) as journal:
        with pytest.raises(Complaint), open_journal(output, restart=False):
            pass
        journal.begin(MANIFEST)
        assert journal.done() == set()


def test_only_the_lock_says_that_another_process_is_at_work(output: Path) -> None:
    with pytest.raises(BlockingIOError), open_journal(output, restart=False):
        raise BlockingIOError


def test_a_job_that_was_not_begun_leaves_nothing(output: Path) -> None:
    with open_journal(output, restart=False) as journal:
        assert journal.folder.is_dir()
    assert not journal.folder.exists()


def test_a_removed_job_leaves_nothing(output: Path) -> None:
    with open_journal(output, restart=False) as journal:
        journal.begin(MANIFEST)
        journal.remove()
    assert list(output.parent.glob("out.npy*")) == []

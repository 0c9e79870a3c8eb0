"""Files are whole and on the disk, with every name above them, or not there."""

import errno
import os
from pathlib import Path

import pytest

from embedding_service.indexes.snapshots import durable

FOLDERS = ("", "a", "a/b")


@pytest.mark.parametrize("if_absent", [True, False])
@pytest.mark.parametrize("failing", range(1, len(FOLDERS) + 2))
def test_what_failed_to_be_synchronised_is_synchronised_the_next_time(
    failing: int, if_absent: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, asked, kept = os.fsync, 0, set[Path]()

    def failing_once(descriptor: int) -> None:
        nonlocal asked
        asked += 1
        if asked == failing:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)
        kept.add(Path(f"/proc/self/fd/{descriptor}").readlink())

    monkeypatch.setattr(os, "fsync", failing_once)
    path = tmp_path / "a" / "b" / "file"
    with pytest.raises(OSError, match="Input/output"):
        durable.write(path, [b"1"], if_absent=if_absent)
    assert not path.exists()
    assert durable.write(path, [b"2"], if_absent=if_absent)
    assert path.read_bytes() == b"2"
    assert {tmp_path / each for each in FOLDERS} <= kept
    assert list(path.parent.iterdir()) == [path]


def test_a_removal_is_synchronised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    durable.write(tmp_path / "file", [b"1"], if_absent=True)
    kept: list[Path] = []
    monkeypatch.setattr(
        os, "fsync", lambda descriptor: kept.append(Path(f"/proc/self/fd/{descriptor}").readlink())
    )
    durable.delete(tmp_path / "file")
    assert kept == [tmp_path]

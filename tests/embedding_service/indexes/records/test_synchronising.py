"""A new file's name is on the disk before anything is acknowledged, or the record is not opened.

That it is enough is shown where the power goes: tests/faults/indexes/test_power_loss.py.
"""

import errno
import os
from pathlib import Path

import pytest

from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.indexes.records.opening import open_record


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_name_that_is_not_kept_is_told_and_kept_the_next_time(
    failing: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
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
    folder = tmp_path / "new" / "record"
    url = f"sqlite:///{folder / 'record.db'}"
    with pytest.raises(RecordUnavailable, match=r"cannot be (used|synchronised)"):
        open_record(url, folder)
    open_record(url, folder).close()
    assert {tmp_path, folder.parent, folder} <= kept

"""Which snapshot is to be begun with."""

from pathlib import Path

import pytest

from embedding_service.indexes.snapshots.choice import Choice


def test_without_a_file_it_is_the_newest(tmp_path: Path) -> None:
    assert Choice().read() is None
    assert Choice(file=tmp_path / "nowhere").read() is None


@pytest.mark.parametrize(("content", "told"), [("", None), (" \n", None), ("s1\n", "s1")])
def test_the_file_has_its_id(tmp_path: Path, content: str, told: str | None) -> None:
    file = tmp_path / "snapshot"
    file.write_text(content)
    assert Choice(file=file).read() == told


def test_a_file_that_cannot_be_read_is_raised(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError):
        Choice(file=tmp_path).read()
    (tmp_path / "odd").write_bytes(b"\xff")
    with pytest.raises(ValueError, match="decode"):
        Choice(file=tmp_path / "odd").read()

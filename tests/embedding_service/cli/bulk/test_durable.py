from pathlib import Path

import pytest

from embedding_service.cli.bulk.durable import replacing


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    with replacing(tmp_path / "file", tmp_path / "draft") as file:
        file.write(b"whole")
        assert not (tmp_path / "file").exists()
    assert (tmp_path / "file").read_bytes() == b"whole"
    assert not (tmp_path / "draft").exists()


def test_the_old_file_stays_after_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with pytest.raises(TypeError), replacing(tmp_path / "file", tmp_path / "draft") as file:
        file.writelines([b"half", None])  # type: ignore[list-item]  # which is what fails
    assert (tmp_path / "file").read_bytes() == b"old"

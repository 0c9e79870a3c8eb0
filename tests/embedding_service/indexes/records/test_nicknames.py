"""The file of other names."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.indexes.records.nicknames import read_nicknames


def test_names_are_lines(tmp_path: Path) -> None:
    path = tmp_path / "aliases"
    path.write_text("news\n\n  faq-2  \r\nnews\n")
    assert read_nicknames(path) == {"news", "faq-2"}


def test_what_is_no_name_is_told_by_its_line_and_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "aliases"
    path.write_text("news\nNo Name\n../../etc\n")
    with capture_logs() as logs:
        assert read_nicknames(path) == {"news"}
    assert [entry["line"] for entry in logs] == [2, 3]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\n" * 40_000])
def test_what_is_no_list_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "aliases"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"decode|more than"):
        read_nicknames(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        read_nicknames(tmp_path / "nowhere")

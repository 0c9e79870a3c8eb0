import hashlib
import json
from pathlib import Path

import pytest

from embedding_service.cli.bulk.inputs import JsonLines, TextLines
from embedding_service.cli.bulk.survey import Survey, survey
from embedding_service.cli.complaints import Complaint
from embedding_service.settings import Limits

LIMITS = Limits(max_texts=2, max_text_chars=20)


def take(path: Path, content: str, *, skip_empty: bool = False) -> Survey:
    path.write_text(content)
    return survey(TextLines(path), skip_empty=skip_empty, limits=LIMITS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "texts.txt"


def test_counts_texts_and_takes_the_files_digest(path: Path) -> None:
    digest = hashlib.sha256(b"one\ntwo\nthree\n").hexdigest()
    assert take(path, "one\ntwo\nthree\n") == Survey(digest, texts=3, skipped=0)


def test_blank_lines_are_refused_by_number(path: Path) -> None:
    with pytest.raises(Complaint, match=r"blank texts in line 2, 4; .* --skip-empty"):
        take(path, "one\n\ntwo\n \t\n")


def test_not_every_blank_line_is_named(path: Path) -> None:
    with pytest.raises(Complaint, match="line 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and more"):
        take(path, "\n" * 5000)


def test_blank_lines_can_be_left_out(path: Path) -> None:
    found = take(path, "one\n\ntwo\n \t\n", skip_empty=True)
    assert (found.texts, found.skipped) == (2, 2)


@pytest.mark.parametrize("content", ["", "\n\n"])
def test_a_file_without_texts_is_refused(path: Path, content: str) -> None:
    with pytest.raises(Complaint, match="has no texts"):
        take(path, content, skip_empty=True)


def test_a_text_beyond_the_bound_is_named(path: Path) -> None:
    with pytest.raises(Complaint, match=r"line 2 has 21 characters.*MAX_TEXT_CHARS"):
        take(path, f"one\n{'x' * 21}\n{'y' * 7}\n")


def test_an_unfit_text_is_named_and_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "texts.jsonl"
    path.write_text("\n".join(json.dumps({"text": text}) for text in ["fine", "secret\0"]))
    with pytest.raises(Complaint, match="line 2: has a NUL character") as caught:
        survey(JsonLines(path, "text"), skip_empty=False, limits=LIMITS)
    assert "secret" not in str(caught.value)

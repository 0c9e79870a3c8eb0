"""Secrets: as they are now, and as they were while their file is away."""

from pathlib import Path

import pytest

from embedding_service.secret import Secret, SecretUnreadable


def test_a_value_is_what_it_is() -> None:
    assert Secret("KEY_FILE", "k").read() == "k"
    assert Secret("KEY_FILE").read() == ""


def test_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("first\n")
    secret = Secret("KEY_FILE", file=file)
    assert secret.read() == "first"
    replacement = tmp_path / "new"
    replacement.write_text("other\n")
    replacement.replace(file)  # as a mounted Secret changes: by another inode
    assert secret.read() == "other"


def test_while_the_file_is_away_the_secret_stays(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("first")
    secret = Secret("KEY_FILE", file=file)
    secret.read()
    file.unlink()
    assert secret.read() == "first"


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_a_file_that_was_never_read_names_its_setting(
    tmp_path: Path, content: bytes | None
) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SecretUnreadable, match=r"KEY_FILE: .*key cannot be read"):
        Secret("KEY_FILE", file=file).read()

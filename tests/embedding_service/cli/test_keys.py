from pathlib import Path

import pytest

from embedding_service.api.keys import digest_of, load_keys
from embedding_service.cli import main


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["keys", "new", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def test_the_lines_are_a_keys_file_that_knows_the_secret(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("search", "--rate", "50", "--concurrency", "8") == 0
    output = capsys.readouterr()
    path = tmp_path / "keys.toml"
    path.write_text(output.out)
    key = load_keys(path)["search"]
    assert (key.rate, key.concurrency) == (50, 8)
    (secret,) = (word for word in output.err.split() if word.startswith("ge-"))
    assert key.sha256 == digest_of(secret)
    assert secret not in output.out


def test_a_key_without_bounds_has_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("search") == 0
    path = tmp_path / "keys.toml"
    path.write_text(capsys.readouterr().out)
    key = load_keys(path)["search"]
    assert (key.rate, key.concurrency) == (None, None)


def test_a_bad_name_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("two words") == 1
    assert "is no name for a key" in capsys.readouterr().err

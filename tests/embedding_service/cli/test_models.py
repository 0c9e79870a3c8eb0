from pathlib import Path

import pytest

from embedding_service.cli import main
from embedding_service.inference.models.fingerprint import (
    digest_files,
    fingerprint,
    fingerprint_of_hashing,
)
from model_folders import write_model


def call(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["models", *map(str, arguments)])
    assert isinstance(caught.value.code, int)
    return caught.value.code


@pytest.fixture
def model(tmp_path: Path) -> Path:
    prompts = {"prompts": {"query": "q: "}, "default_prompt_name": "query"}
    return write_model(tmp_path / "model", {"config_sentence_transformers.json": prompts})


def expected_fingerprint(model: Path, max_length: int) -> str:
    prompts = {"query": "q: "}
    files = digest_files(model)
    return fingerprint(files, max_length=max_length, prompts=prompts, default_prompt_name="query")


def test_fetch_shows_the_folder(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fetch", model) == 0
    output = capsys.readouterr()
    assert output.out == f"{model}\n"
    assert "is complete: 0.0 MB" in output.err


def test_fetch_says_why_it_cannot(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fetch", "someone/model") == 1
    assert "HF_HUB_OFFLINE" in capsys.readouterr().err


def test_there_is_nothing_to_fetch_for_hashing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fetch", "hashing:8") == 1
    assert "hashing:8 has no files" in capsys.readouterr().err


def test_fingerprint_of_a_folder(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fingerprint", model) == 0
    assert capsys.readouterr().out == f"{expected_fingerprint(model, 256)}\n"


def test_fingerprint_of_a_served_model_heeds_its_options(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EMBEDDING_MODEL", f"mini={model}")
    monkeypatch.setenv("MODEL_OPTIONS", '{"mini": {"max_length": 99}}')
    assert call("fingerprint", "mini") == 0
    assert capsys.readouterr().out == f"{expected_fingerprint(model, 99)}\n"


def test_fingerprint_of_hashing(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("fingerprint", "hashing:8") == 0
    assert capsys.readouterr().out == f"{fingerprint_of_hashing(8)}\n"


def test_list_shows_what_is_here(
    model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    monkeypatch.setenv("EMBEDDING_MODEL", "someone/model")
    monkeypatch.setenv("ALLOWED_MODELS", f"mini={model},hashing:8")
    assert call("list") == 0
    lines = [line.split("  ") for line in capsys.readouterr().out.splitlines()]
    rows = [[cell.strip() for cell in line if cell.strip()] for line in lines]
    assert rows[1:] == [
        ["someone/model (default)", "someone/model", "no; `models fetch` gets it"],
        ["mini", str(model), str(model), "0.0 MB"],
        ["hashing:8", "hashing:8", "needs no files"],
    ]

from pathlib import Path

import pytest

from embedding_service.api.keys import new_key
from embedding_service.cli.checks.configuration import check_keys, check_settings
from embedding_service.cli.checks.finding import Level
from embedding_service.settings import Settings


def test_good_settings_name_the_models(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBEDDING_MODEL", "mini=hashing:8")
    settings, finding = check_settings()
    assert settings is not None
    assert (finding.level, finding.message) == (Level.OK, "valid; models: mini")


def test_bad_settings_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVICE_PORT", "x")
    monkeypatch.setenv("DEVICE", "tpu")
    settings, finding = check_settings()
    assert settings is None
    assert finding.level is Level.FAILED
    assert "SERVICE_PORT" in finding.message
    assert "DEVICE" in finding.message


def test_no_keys_is_said_aloud() -> None:
    finding = check_keys(Settings())
    assert (finding.level, finding.message[:5]) == (Level.OK, "none:")


def test_keys_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(new_key("one")[1] + new_key("two")[1])
    assert check_keys(Settings(api_keys_file=path)).message == f"2 in {path}"


def test_a_bad_keys_file_keeps_the_server_from_starting(tmp_path: Path) -> None:
    finding = check_keys(Settings(api_keys_file=tmp_path / "none.toml"))
    assert finding.level is Level.FAILED
    assert "gpu-embedding keys new" in finding.advice

from pathlib import Path

import pytest
from huggingface_hub import constants

from embedding_service.cli.checks.cache import (
    Hub,
    ask_hub,
    check_cache,
    check_model,
    judge_cache,
    judge_hub,
    judge_model,
)
from embedding_service.cli.checks.finding import Level
from embedding_service.references import parse_reference
from fake_hub import running_hub
from model_folders import write_model

GIB = 2**30
HERE, AWAY = Hub("https://hub"), Hub("https://hub", "ConnectError: refused")


def test_offline_mode_asks_nobody() -> None:
    assert ask_hub().failure == "HF_HUB_OFFLINE is set"


def test_a_hub_that_answers_is_reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    with running_hub() as hub:
        hub.repositories["a/b"] = {}
        monkeypatch.setattr(constants, "ENDPOINT", f"{hub.url}/api/models/a/b")
        assert ask_hub().failure is None


def test_a_hub_that_does_not_answer_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "ENDPOINT", "https://hub.invalid")
    assert (ask_hub().failure or "").startswith("ConnectError")


def test_a_hub_that_is_away_is_a_warning() -> None:
    assert judge_hub(HERE).level is Level.OK
    finding = judge_hub(AWAY)
    assert finding.level is Level.WARNING
    assert "HTTPS_PROXY" in finding.advice


def test_the_cache_is_measured(tmp_path: Path) -> None:
    finding = check_cache()
    assert finding.subject == "model cache"
    assert str(tmp_path / "hub-cache") in finding.message


def test_links_do_not_count_twice(tmp_path: Path) -> None:
    blob = tmp_path / "hub-cache" / "blobs" / "1"
    blob.parent.mkdir(parents=True)
    with blob.open("wb") as file:
        file.truncate(GIB)
    (tmp_path / "hub-cache" / "link").symlink_to(blob)
    assert "1.0 GiB of models" in check_cache().message


@pytest.mark.parametrize(
    ("free", "is_writable", "level", "told"),
    [
        (9 * GIB, True, Level.OK, ""),
        (9 * GIB, False, Level.WARNING, "HF_HOME"),
        (GIB, True, Level.WARNING, "free some space"),
    ],
)
def test_the_cache_is_judged_by_its_room(
    free: int, is_writable: bool, level: Level, told: str
) -> None:
    finding = judge_cache(Path("/cache"), size=GIB, free=free, is_writable=is_writable)
    assert finding.level is level
    assert told in finding.advice


def test_hashing_is_for_demos() -> None:
    assert check_model(parse_reference("hashing:8"), HERE).level is Level.WARNING


def test_a_folder_is_looked_into(tmp_path: Path) -> None:
    folder = write_model(tmp_path / "model")
    assert check_model(parse_reference(str(folder)), AWAY).level is Level.OK
    (folder / "model.safetensors").unlink()
    finding = check_model(parse_reference(str(folder)), AWAY)
    assert finding.level is Level.FAILED
    assert "model.safetensors: is missing" in finding.message


def test_a_model_of_the_hub_is_looked_for_in_the_cache() -> None:
    assert check_model(parse_reference("someone/model"), AWAY).level is Level.FAILED


@pytest.mark.parametrize(
    ("folder", "hub", "level", "told"),
    [
        (Path("/cache/x"), AWAY, Level.OK, "is in /cache/x"),
        (None, HERE, Level.WARNING, "the first start will download it"),
        (None, AWAY, Level.FAILED, "the hub cannot be asked"),
    ],
)
def test_a_model_must_be_here_or_to_be_had(
    folder: Path | None, hub: Hub, level: Level, told: str
) -> None:
    finding = judge_model(parse_reference("someone/model"), folder, hub)
    assert finding.level is level
    assert told in finding.message

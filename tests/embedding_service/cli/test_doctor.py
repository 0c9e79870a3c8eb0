import json
from typing import Any

import pytest

from embedding_service.cli import main
from embedding_service.cli.checks import cuda, driver
from embedding_service.cli.checks.cuda import Torch
from embedding_service.cli.checks.driver import Driver

GIB = 2**30
SUBJECTS = ["settings", "API keys", "driver", "torch", "CUDA", "cores", "memory", "model cache",
            "model hub", "default model", "port"]  # fmt: skip


@pytest.fixture(autouse=True)
def healthy_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without a GPU; the real torch takes seconds to ask."""
    monkeypatch.setattr(driver, "ask_driver", lambda: Driver(failure="nvidia-smi is missing"))
    monkeypatch.setattr(cuda, "ask_torch", lambda: Torch("2.15.0", "13.0"))
    monkeypatch.setenv("EMBEDDING_MODEL", "hashing:8")
    monkeypatch.setenv("SERVICE_PORT", "0")


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        main(["doctor", *arguments])
    assert isinstance(caught.value.code, int)
    return caught.value.code


def examine(capsys: pytest.CaptureFixture[str], code: int = 0) -> list[dict[str, Any]]:
    assert call("--json") == code
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_looks_at_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert [row["subject"] for row in examine(capsys)] == SUBJECTS


def test_a_gpu_has_memory_to_look_at(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    device = cuda.Device("NVIDIA L4", 20 * GIB, 24 * GIB)
    monkeypatch.setattr(cuda, "ask_torch", lambda: Torch("2.15.0", "13.0", (device,)))
    assert "device memory" in [row["subject"] for row in examine(capsys)]


def test_a_table_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert call() == 0
    told = capsys.readouterr().out
    assert "warning" in told
    assert "no GPU: nvidia-smi is missing" in told
    assert "run with --gpus all" in told


def test_what_prevents_serving_is_code_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DEVICE", "cuda")
    levels = {row["subject"]: row["level"] for row in examine(capsys, code=1)}
    assert levels["driver"] == levels["CUDA"] == "failed"


def test_bad_settings_end_the_examination(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVICE_PORT", "x")
    (row,) = examine(capsys, code=1)
    assert (row["subject"], row["level"]) == ("settings", "failed")

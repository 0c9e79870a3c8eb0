import subprocess
import sys
from pathlib import Path

import pytest
import typer

from embedding_service import __version__, cli
from embedding_service.cli.complaints import Complaint
from embedding_service.environment import BadSettings
from embedding_service.errors import ModelUnavailable
from environment import clean_environment


def call(*arguments: str) -> int:
    with pytest.raises(SystemExit) as caught:
        cli.main(list(arguments))
    assert isinstance(caught.value.code, int)
    return caught.value.code


def fail_with(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def build() -> typer.Typer:
        app = typer.Typer()

        @app.command()
        def fail() -> None:
            raise error

        return app

    monkeypatch.setattr(cli, "build_app", build)


@pytest.mark.parametrize(
    "error",
    [
        ModelUnavailable("x", "model x: do this"),
        BadSettings("model x: do this"),
        OSError("model x: do this"),
        Complaint("model x: do this"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_a_person_can_mend_is_one_line_and_code_1(
    error: Exception, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(error, monkeypatch)
    assert call() == 1
    assert capsys.readouterr() == ("", "model x: do this\n")


def test_an_error_of_ours_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(KeyError("a bug"), monkeypatch)
    with pytest.raises(KeyError):
        cli.main([])


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["embed"], ["keys", "new", "x", "--rate", "0"]]
)
def test_a_wrong_call_is_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == 2
    assert "Usage: gpu-embedding" in capsys.readouterr().err


def test_bad_settings_are_told_all_at_once(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SERVICE_PORT", "x")
    monkeypatch.setenv("MAX_TEXTS", "0")
    assert call("models", "list") == 1
    told = capsys.readouterr().err
    assert "SERVICE_PORT: " in told
    assert "MAX_TEXTS: " in told


def test_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--version") == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("--help") == 0
    told = capsys.readouterr().out
    for command in ("serve", "embed", "models", "doctor", "keys"):
        assert command in told


def test_is_a_module_as_well(empty_surroundings: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "embedding_service", "--version"],
        capture_output=True,
        cwd=empty_surroundings,
        env=clean_environment(),
        text=True,
        check=True,
    )
    assert done.stdout.strip() == __version__

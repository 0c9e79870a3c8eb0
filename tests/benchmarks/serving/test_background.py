"""A run in the background is found while it runs, and not taken for another."""

import os
from pathlib import Path

import psutil
import pytest

from benchmarks.serving.background import find_running


def test_a_process_that_runs_is_found(tmp_path: Path) -> None:
    created = psutil.Process().create_time()
    (tmp_path / "pid").write_text(f"{os.getpid()} {created}")
    assert find_running(tmp_path / "pid") == os.getpid()


@pytest.mark.parametrize("text", ["", "1", "{own} 12.5", "999999999 12.5"])
def test_another_process_of_that_number_is_not_it(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text.format(own=os.getpid()))
    assert find_running(tmp_path / "pid") is None


def test_where_none_was_started_none_is_found(tmp_path: Path) -> None:
    assert find_running(tmp_path / "pid") is None

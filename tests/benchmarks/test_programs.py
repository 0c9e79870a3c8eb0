"""What a benchmark has started ends with it."""

import shutil
import subprocess
import sys

import psutil
import pytest

from benchmarks.programs import build_environment, find_port, stop

PARENT = """
import subprocess, sys
from benchmarks.programs import mortal
child = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
subprocess.run([*mortal(), sys.executable, "-c", child])
"""
"""The child tells its number: then it is sure to have been told to end with its parent."""


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv of util-linux")
def test_a_child_ends_even_when_its_benchmark_is_killed() -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], env=build_environment(), stdout=subprocess.PIPE
    )
    with parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    psutil.wait_procs([child], timeout=30)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_no_setting_of_ours_reaches_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_TEXTS", "1")
    environment = build_environment(DEVICE="cpu")
    assert "MAX_TEXTS" not in environment
    assert environment["DEVICE"] == "cpu"


def test_a_program_is_ended() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    stop(process)
    assert process.returncode is not None


def test_a_port_can_be_had() -> None:
    assert 1024 <= find_port() < 65_536

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from embedding_service.telemetry import usage
from embedding_service.telemetry.usage import cpu_seconds
from waiting import wait_until

_SECONDS = 60.0
_BUSY = "import sys\nwhile True: pass"


def burn(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def test_what_this_process_does_counts() -> None:
    before = cpu_seconds()
    burn(0.1)
    assert cpu_seconds() - before >= 0.05


def test_so_does_what_it_has_started_in_any_thread_and_still_after_its_end() -> None:
    begun: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(
        target=lambda: begun.append(subprocess.Popen([sys.executable, "-c", _BUSY]))
    )
    before, own = cpu_seconds(), time.process_time()
    thread.start()
    thread.join()
    (child,) = begun

    def has_counted() -> bool:
        return cpu_seconds() - before - (time.process_time() - own) > 0.3

    try:
        wait_until(has_counted, _SECONDS, "it counts")
    finally:
        child.kill()
        child.wait()
    assert has_counted()


def test_without_proc_the_system_tells_of_what_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "_PROC", tmp_path)
    assert cpu_seconds() == pytest.approx(sum(os.times()[:4]), abs=1)

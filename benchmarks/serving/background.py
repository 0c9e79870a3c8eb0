"""Goes on without the terminal that started it; one run at a time."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

_FLAG: Final = "--background"


def continue_in_background(arguments: Sequence[str], folder: Path) -> int:
    """Start the same run there, or tell where one is. Returns the exit status."""
    folder.mkdir(parents=True, exist_ok=True)
    log, pid = folder / "log", folder / "pid"
    if (running := find_running(pid)) is not None:
        print(f"==> It runs already, as process {running}; what it says: {log}")
        return 0
    command = [sys.executable, "-m", "benchmarks.serving"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*command, *(each for each in arguments if each != _FLAG)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
    told = psutil.Process(process.pid)
    pid.write_text(f"{process.pid} {told.create_time()}", encoding="utf-8")
    print(
        f"==> It runs in the background, as process {process.pid} (kill {process.pid} ends it and"
    )
    print(f"    everything that it has started); what it says: {log}")
    return 0


def find_running(pid: Path) -> int | None:
    """The process that a file tells of, if it is still that one."""
    try:
        number, created = pid.read_text(encoding="utf-8").split()
        process = psutil.Process(int(number))
        is_it = process.create_time() == float(created)
        is_alive = process.status() != psutil.STATUS_ZOMBIE
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return process.pid if is_it and is_alive else None

"""Runs a command for as long as another process lives, and leaves its exit status in a file.

    shepherd.py FOLDER OWNER COMMAND...

Goes to the background at once. FOLDER gets `log` (the command's output), `pid`, and at its end
`status`. So a server outlives the test process that started it, can be stopped by another one that
still learns its exit status, and is not left behind when the test run (process OWNER) is killed.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil

_PAUSE = 0.1
_GRACE = 30.0


def main() -> None:
    folder, owner, command = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    guarded = psutil.Process(owner)
    if os.fork():
        os._exit(0)  # whoever started the shepherd has no child to wait for
    os.setsid()  # Ctrl-C in the terminal reaches pytest, which then stops the server itself
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    _write(folder / "pid", child.pid)
    while child.poll() is None and guarded.is_running():
        time.sleep(_PAUSE)
    _write(folder / "status", _end(child))


def _end(child: subprocess.Popen[bytes]) -> int:
    if child.poll() is None:
        child.terminate()
    try:
        return child.wait(_GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        return child.wait()


def _write(path: Path, number: int) -> None:
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(str(number))
    unfinished.rename(path)


if __name__ == "__main__":
    main()

"""Runs a command for as long as another process lives, and leaves its exit status in a file.

    shepherd.py FOLDER OWNER COMMAND...

Goes to the background at once. FOLDER gets `log` (the command's output), `pid`, and at its end
`status`. So a server outlives the test process that started it, can be stopped by another one that
still learns its exit status, and is not left behind when the test run (process OWNER) is killed.

Dozens of these sit beside a test run: this one needs the standard library alone, which lets it
start without site packages (and without coverage), and sleeps until there is something to do.
"""

import os
import select
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

_PAUSE = 0.1
_GRACE = 30.0


def start_under_shepherd(
    folder: Path,
    command: Sequence[str],
    *,
    owner: int | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Start `command` in `folder`; it ends at the latest with process `owner`, or this one."""
    program = [sys.executable, "-S", __file__, str(folder), str(owner or os.getpid()), *command]
    subprocess.run(program, cwd=folder, env=environment, check=True)


def main() -> None:
    folder, owner, command = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    if os.fork():
        os._exit(0)  # whoever started the shepherd has no child to wait for
    os.setsid()  # Ctrl-C in the terminal reaches pytest, which then stops the server itself
    with (folder / "log").open("wb") as log:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    _write(folder / "pid", child.pid)
    _wait_for_either(child, owner)
    _write(folder / "status", _end(child))


def _wait_for_either(child: subprocess.Popen[bytes], owner: int) -> None:
    if sys.platform != "linux":
        while child.poll() is None and _is_running(owner):
            time.sleep(_PAUSE)
        return
    with suppress(ProcessLookupError):  # the owner was gone already
        select.select([os.pidfd_open(child.pid), os.pidfd_open(owner)], [], [])


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


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

"""A program that answers each line of its stdin with a line of JSON."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.programs import build_environment, mortal, stop


class Piped:
    """One that runs."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self.process = process
        self._log = log

    def ask(self, line: str = "") -> Any:  # whatever JSON holds
        """Its answer. Raises RuntimeError with the end of its log where it has ended."""
        assert self.process.stdin is not None  # noqa: S101  both are pipes
        assert self.process.stdout is not None  # noqa: S101
        try:
            self.process.stdin.write(f"{line}\n".encode())
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except (BrokenPipeError, ValueError) as error:
            log = self._log.read_text(errors="replace")[-3000:]
            raise RuntimeError(f"{self.process.args!r} has ended:\n{log}") from error


@contextmanager
def piped(module: str, arguments: Sequence[str], log: Path) -> Iterator[Piped]:
    """`python -m MODULE`, until the block ends."""
    with log.open("ab") as stderr:
        process = subprocess.Popen(
            [*mortal(), sys.executable, "-m", module, *arguments],
            env=build_environment(HF_HUB_OFFLINE="1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
        )
    try:
        yield Piped(process, log)
    finally:
        stop(process)

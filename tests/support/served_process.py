"""Indexes served by another process, which may be stopped, killed and started anew."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from environment import clean_environment
from mortality import Point
from serving_messages import Call, Ended, Raised, Start, Stop

_PROGRAM = Path(__file__).with_name("serving_process.py")
_SECONDS = 60.0


class Died(Exception):
    """The process has ended before it answered."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ServedProcess:
    """One at a time; started by the first call, and again by the first one after its end."""

    def __init__(self, pipe: Connection) -> None:
        """`pipe` leads to serving_process.py."""
        self._pipe = pipe
        self._pid: int | None = None

    def start(self) -> None:
        """Open everything. What is told of it says whether that went well."""
        if self._pid is None:
            self._pipe.send(Start())
            self._pid = self._receive()

    def call(self, path: str, *arguments: Any, **named: Any) -> Any:
        """What a method of OpenIndexes answers, or the job that it has started, when it is done."""
        return self._call(Call(path, arguments, named, None))

    def call_and_die(self, point: Point, path: str, *arguments: Any, **named: Any) -> Any:
        """The same in a process that dies meanwhile, and is gone in any case.

        Raises Died where it did not come to answer.
        """
        answer = self._call(Call(path, arguments, named, point))
        self.kill()
        return answer

    def stop(self) -> None:
        """Close everything."""
        self.start()
        self._pipe.send(Stop())
        self._wait_for_end(0)

    def kill(self) -> None:
        """At once."""
        if self._pid is not None:
            with suppress(ProcessLookupError):  # it has just died at its point
                os.kill(self._pid, signal.SIGKILL)
            self._wait_for_end(-signal.SIGKILL, -signal.SIGALRM)

    def _call(self, call: Call) -> Any:
        self.start()
        self._pipe.send(call)
        match answer := self._receive():
            case Raised(told):
                raise RuntimeError(told)
        return answer

    def _receive(self) -> Any:
        if not self._pipe.poll(_SECONDS):
            raise TimeoutError(f"no answer within {_SECONDS:g} s")
        answer = self._pipe.recv()
        if isinstance(answer, Ended):
            self._pid = None
            raise Died(answer.status)
        return answer

    def _wait_for_end(self, *statuses: int) -> None:
        with pytest.raises(Died) as died:
            self._receive()
        assert died.value.status in statuses


@contextmanager
def served_process(url: str, folder: Path) -> Iterator[ServedProcess]:
    """Nothing is left of it after the block."""
    ours, theirs = Pipe()
    folder.mkdir(exist_ok=True)
    descriptor = theirs.fileno()
    with ours:
        program = subprocess.Popen(
            [sys.executable, _PROGRAM, str(descriptor), url, folder],
            pass_fds=[descriptor],
            env=clean_environment(PYTHONPATH=str(_PROGRAM.parent)),
        )
        theirs.close()
        process = ServedProcess(ours)
        try:
            yield process
        finally:
            process.kill()
            ours.close()
            assert program.wait(_SECONDS) == 0

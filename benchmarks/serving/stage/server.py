"""A server as a process of its own, and as a peer."""

import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.connection import Connection, RequestFailed, build_request
from benchmarks.programs import build_environment, find_port, mortal, stop
from benchmarks.serving.generator.order import Calls, Order
from benchmarks.serving.stage.dialects import Dialect
from benchmarks.serving.stage.drive import Drive, Run
from benchmarks.serving.stage.generating import generate, read_answers

_START_SECONDS: Final = 300.0
_PAUSE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Plan:
    """How a server is started."""

    name: str
    command: Sequence[str]
    """`{port}` stands for the port."""
    dialect: Dialect
    variables: Mapping[str, str]
    """Its environment, besides what every program has; `{port}` likewise."""


class Server:
    """One that runs."""

    def __init__(
        self, plan: Plan, process: subprocess.Popen[bytes], port: int, folder: Path
    ) -> None:
        self.name = plan.name
        self.dialect = plan.dialect
        self.process = process
        self.port = port
        self.folder = folder
        self.start_seconds = 0.0
        """From the start of its process to its first vectors."""

    @property
    def pid(self) -> int:
        """Of its first process."""
        return self.process.pid

    def drive(self, drive: Drive) -> Run:
        """See Peer."""
        with TemporaryDirectory(dir=self.folder) as folder:
            bodies, answers = Path(folder) / "bodies", Path(folder) / "answers"
            lines = (self.dialect.build(texts) for texts in drive.bodies.texts)
            bodies.write_bytes(b"\n".join(lines) + b"\n")
            order = Order(
                self.port,
                "POST",
                self.dialect.path,
                str(bodies),
                drive.seconds,
                connections=drive.connections,
                rate=drive.rate,
                kept=ceil(drive.kept / drive.bodies.batch),
                answers=str(answers),
            )
            return Run(generate(order), drive.bodies, read_answers(answers, self.dialect))

    def look(self, path: str, seconds: float, rate: float) -> Calls:
        """Ask for `path` so often while others load the server."""
        empty = self.folder / "empty"
        empty.write_bytes(b"\n")
        return generate(Order(self.port, "GET", path, str(empty), seconds, rate=rate))

    def wait_for_vectors(self, text: str, began: float) -> None:
        """Return with the first answer. Raises RuntimeError with the log's end where none comes."""
        request = build_request("POST", self.dialect.path, self.dialect.build([text]))
        while time.monotonic() < began + _START_SECONDS and self.process.poll() is None:
            try:
                connection = Connection(self.port)
                self.dialect.parse(connection.send(request))
            except (OSError, RequestFailed):
                time.sleep(_PAUSE)
            else:
                self.start_seconds = time.monotonic() - began
                connection.close()
                return
        log = (self.folder / "log").read_text(errors="replace")
        raise RuntimeError(f"{self.name} gives no vectors:\n{log[-3000:]}")


@contextmanager
def serving(plan: Plan, folder: Path) -> Iterator[Server]:
    """A server that gives vectors when the block begins, and is ended when it is left."""
    own, port = folder / plan.name, find_port()
    own.mkdir(parents=True, exist_ok=True)
    variables = {name: _fill(value, port) for name, value in plan.variables.items()}
    began = time.monotonic()
    with (own / "log").open("ab") as log:
        process = subprocess.Popen(
            [*mortal(), *(_fill(part, port) for part in plan.command)],
            cwd=own,  # where no .env is
            env=build_environment(HF_HUB_OFFLINE="1", **variables),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    server = Server(plan, process, port, own)
    try:
        server.wait_for_vectors("the first text of all", began)
        yield server
    finally:
        stop(process)


def _fill(text: str, port: int) -> str:
    return text.replace("{port}", str(port))  # not by format(): JSON has braces too

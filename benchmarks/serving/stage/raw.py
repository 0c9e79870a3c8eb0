"""The model without a server, as a peer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from math import ceil
from pathlib import Path
from typing import Final

from benchmarks.serving.generator.order import Calls, Order
from benchmarks.serving.loads import Bodies
from benchmarks.serving.models import Model
from benchmarks.serving.stage.dialects import NAIVE
from benchmarks.serving.stage.drive import Drive, Run
from benchmarks.serving.stage.generating import read_answers
from benchmarks.serving.stage.peers import RAW
from benchmarks.serving.stage.piped import Piped, piped
from embedding_service.inference.cores import usable_cores

_MODULE: Final = "benchmarks.serving.peers.raw"


class Raw:
    """Texts that would come at a time are embedded at a time."""

    name = RAW

    def __init__(self, program: Piped, folder: Path) -> None:
        self._program = program
        self._folder = folder

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._program.process.pid

    def drive(self, drive: Drive) -> Run:
        """See Peer."""
        grouped = join(drive.bodies, drive.connections)
        bodies, answers = self._folder / "bodies", self._folder / "answers"
        bodies.write_bytes(b"\n".join(map(NAIVE.build, grouped.texts)))
        kept = ceil(drive.kept / grouped.batch)
        order = Order(0, "", "", str(bodies), drive.seconds, kept=kept, answers=str(answers))
        calls = Calls(**self._program.ask(json.dumps(asdict(order))))
        return Run(calls, grouped, read_answers(answers, NAIVE))


@contextmanager
def running_raw(model: Model, folder: Path) -> Iterator[Raw]:
    """On all cores, until the block ends."""
    own = folder / RAW
    own.mkdir()
    with piped(_MODULE, [str(model.folder), str(usable_cores())], own / "log") as program:
        yield Raw(program, own)


def join(bodies: Bodies, count: int) -> Bodies:
    """`count` requests as one; those that are left over are left out."""
    starts = range(0, len(bodies.texts) - count + 1, count)
    return Bodies(
        [[text for texts in bodies.texts[at : at + count] for text in texts] for at in starts],
        [[each for tokens in bodies.tokens[at : at + count] for each in tokens] for at in starts],
    )

"""How fast the machine itself is at the moment."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmarks.serving.stage.piped import Piped, piped
from embedding_service.inference.cores import usable_cores

_MODULE: Final = "benchmarks.serving.peers.gemm"


@dataclass(frozen=True, slots=True)
class Gemm:
    """GFLOP/s on all cores (see peers/gemm.py)."""

    default: float
    prepacked: float = 0.0
    """0 where this torch has no such form."""

    @property
    def best(self) -> float:
        """Of both forms."""
        return max(self.default, self.prepacked)


@dataclass(slots=True)
class Probe:
    """Looks again and again, and remembers."""

    program: Piped
    seen: list[Gemm] = field(default_factory=list)

    def look(self) -> Gemm:
        """Now; takes a second."""
        self.seen.append(Gemm(**self.program.ask()))
        return self.seen[-1]

    @property
    def best(self) -> float:
        """GFLOP/s of the best look so far; 0 before the first."""
        return max((each.best for each in self.seen), default=0.0)


@contextmanager
def probing(folder: Path) -> Iterator[Probe]:
    """Ready when the block begins."""
    with piped(_MODULE, [str(usable_cores())], folder / "gemm.log") as program:
        yield Probe(program)

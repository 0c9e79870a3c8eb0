"""docs/benchmarks.json: everything that was measured last, of which the pages are written.

A part that is measured again takes the place of what it was, and the comparison remembers in short
what it was before.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmarks.results import Result

COMPARISON: Final = "comparison"
GPU: Final = "gpu"
_SPEED: Final = 0
"""Column of texts a second in a sample."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A part's result, and of what it is."""

    result: Result
    digest: str
    """Of the code that was measured and the machine; see digests.py."""
    commit: str
    processor: str


@dataclass(frozen=True, slots=True)
class Before:
    """The comparison before the last one."""

    commit: str
    processor: str
    finished: str
    gflops: float
    """The best probe's."""
    speeds: Mapping[str, float]
    """Texts a second by curve."""


@dataclass(slots=True)
class Book:
    """All of it."""

    scale: str = "full"
    machine: Sequence[str] = ()
    """Lines about the last run."""
    parts: dict[str, Entry] = field(default_factory=dict)
    before: Before | None = None

    @property
    def results(self) -> dict[str, Result]:
        """Of each part that was measured."""
        return {name: entry.result for name, entry in self.parts.items()}

    def enter(self, name: str, entry: Entry) -> None:
        """In place of what there was."""
        old = self.parts.get(name)
        if name == COMPARISON and old is not None:
            self.before = _shorten(old)
        self.parts[name] = entry


def list_speeds(result: Result) -> dict[str, float]:
    """Texts a second of each load and peer, the median of the turns."""
    return {
        name: median(point[_SPEED] for point in points)
        for name, points in result.curves.items()
        if "/" in name
    }


def read_best(result: Result) -> float:
    """GFLOP/s of the best probe of a comparison."""
    return max(result.figures["gemm_default_gflops"], result.figures["gemm_prepacked_gflops"])


def load(path: Path) -> Book:
    """What was measured before; an empty book where nothing was."""
    if not path.exists():
        return Book()
    told = json.loads(path.read_text(encoding="utf-8"))
    parts = {
        name: Entry(**{**entry, "result": Result(**entry["result"])})
        for name, entry in told.pop("parts").items()
    }
    before = told.pop("before")
    return Book(**told, parts=parts, before=Before(**before) if before else None)


def save(path: Path, book: Book) -> None:
    """Whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(json.dumps(_round(asdict(book)), indent=1) + "\n", encoding="utf-8")
    unfinished.rename(path)


def _shorten(entry: Entry) -> Before:
    result = entry.result
    return Before(
        entry.commit, entry.processor, result.finished, read_best(result), list_speeds(result)
    )


def _round(value: object) -> object:
    """Seven digits are more than any measurement has."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, Mapping):
        return {name: _round(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_round(each) for each in value]
    return value

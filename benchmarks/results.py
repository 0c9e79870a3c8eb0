"""What came of each part, kept so that an interrupted run goes on."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import quiet


@dataclass(slots=True)
class Result:
    """One part's."""

    figures: dict[str, float] = field(default_factory=dict)
    curves: dict[str, list[list[float]]] = field(default_factory=dict)
    """Points (x, y, …) by name."""
    notes: dict[str, str] = field(default_factory=dict)
    lacking: str = ""
    """Why nothing was measured."""
    finished: str = ""
    seconds: float = 0.0
    others: float = 0.0
    """Share of all cores' time that was not to be had: taken by other processes, or by the
    hypervisor; 0 to 1."""


def begin() -> Callable[[Result], Result]:
    """Begin a part; the function that is returned ends it: it notes time and others' share."""
    end, began = quiet.watch(), time.monotonic()

    def finish(result: Result) -> Result:
        result.others = end()
        result.seconds = time.monotonic() - began
        result.finished = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        return result

    return finish


def load(folder: Path, name: str) -> Result | None:
    """The result of a part that was measured before."""
    path = folder / f"{name}.json"
    return Result(**json.loads(path.read_text(encoding="utf-8"))) if path.exists() else None


def save(folder: Path, name: str, result: Result) -> None:
    """Leave a part's result for the next run, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f"{name}.unfinished"
    unfinished.write_text(json.dumps(asdict(result), indent=1), encoding="utf-8")
    unfinished.rename(folder / f"{name}.json")

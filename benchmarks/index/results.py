"""What came of each part, kept so that an interrupted run goes on.

A result is of the code that was measured and of the code that measured: it is kept under a digest
of both, and is not used for any other. What the report or another part is made of does not count.
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

MEASURED: Final = ("service", "benchmarks/index", "requirements/bench.txt")
REPORT: Final = Path("benchmarks/index/report")
PARTS: Final = Path("benchmarks/index/parts")


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


def compute_digest(root: Path, part: str) -> str:
    """Identify the content of what one part measures and is measured by."""
    total = hashlib.sha256()
    for name in MEASURED:
        for path in sorted([root / name, *(root / name).rglob("*")]):
            relative = path.relative_to(root)
            if path.is_file() and _counts(relative, part):
                total.update(f"{relative}\0".encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]


def _counts(path: Path, part: str) -> bool:
    if "__pycache__" in path.parts or path.is_relative_to(REPORT):
        return False
    return not path.is_relative_to(PARTS) or path.stem == part


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

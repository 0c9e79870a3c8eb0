"""Which result is of which code.

A result is of the code that was measured and of the code that measured: it is kept under a digest
of both, and is not used for any other. What the report or another part is made of does not count.
"""

from pathlib import Path
from typing import Final

from benchmarks import digests

MEASURED: Final = (
    "service",
    "benchmarks/index",
    "benchmarks/connection.py",
    "benchmarks/memory.py",
    "benchmarks/programs.py",
    "benchmarks/quiet.py",
    "benchmarks/results.py",
    "requirements/bench.txt",
)
REPORT: Final = Path("benchmarks/index/report")
PARTS: Final = Path("benchmarks/index/parts")


def compute_digest(root: Path, part: str) -> str:
    """Identify the content of what one part measures and is measured by."""

    def counts(path: Path) -> bool:
        if path.is_relative_to(REPORT):
            return False
        return not path.is_relative_to(PARTS) or path.stem == part

    return digests.compute_digest(root, MEASURED, counts)

"""Which result is of which code: see index/digests.py; here the machine counts as well."""

from pathlib import Path
from typing import Final

from benchmarks import digests

MEASURED: Final = (
    "service",
    "benchmarks/serving",
    "benchmarks/connection.py",
    "benchmarks/memory.py",
    "benchmarks/programs.py",
    "benchmarks/quiet.py",
    "benchmarks/results.py",
    "requirements/bench.txt",
    "requirements/bench-infinity.txt",
)
_OTHER: Final = ("book.py", "background.py", "__main__.py", "report")
PARTS: Final = Path("benchmarks/serving/parts")


def compute_digest(root: Path, part: str, processor: str) -> str:
    """Identify the content of what one part measures and is measured by, and on what."""

    def counts(path: Path) -> bool:
        if path.parts[:2] == PARTS.parts[:2] and path.parts[2] in _OTHER:
            return False
        return not path.is_relative_to(PARTS) or path.stem == part

    return f"{digests.compute_digest(root, MEASURED, counts)} on {processor}"

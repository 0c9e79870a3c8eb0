"""Which result is of which code.

A result is of the code that was measured and of the code that measured: it is kept under a digest
of both, and is not used for any other. What the report or another part is made of does not count.
"""

import hashlib
from pathlib import Path
from typing import Final

MEASURED: Final = (
    "service",
    "benchmarks/index",
    "benchmarks/quiet.py",
    "benchmarks/results.py",
    "requirements/bench.txt",
)
REPORT: Final = Path("benchmarks/index/report")
PARTS: Final = Path("benchmarks/index/parts")


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

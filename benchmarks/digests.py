"""Identifies what files hold."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path


def compute_digest(root: Path, names: Sequence[str], counts: Callable[[Path], bool]) -> str:
    """Of all files below `names` of which `counts` says so, told by their paths below `root`."""
    total = hashlib.sha256()
    for name in names:
        for path in sorted([root / name, *(root / name).rglob("*")]):
            relative = path.relative_to(root)
            if path.is_file() and "__pycache__" not in relative.parts and counts(relative):
                total.update(f"{relative}\0".encode())
                total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()[:16]

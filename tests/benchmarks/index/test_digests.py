"""A result is of the code that was measured."""

from pathlib import Path

import pytest

from benchmarks.index.digests import compute_digest


def write(root: Path, name: str, text: str) -> str:
    """Write a file; the digest of the part `exact` then."""
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)
    return compute_digest(root, "exact")


@pytest.mark.parametrize(
    "name", ["service/one.py", "benchmarks/index/loads.py", "benchmarks/index/parts/exact.py"]
)
def test_a_change_of_what_is_measured_forgets_the_result(tmp_path: Path, name: str) -> None:
    assert write(tmp_path, name, "1") != write(tmp_path, name, "2")


@pytest.mark.parametrize(
    "name",
    [
        "benchmarks/index/report/page.py",
        "benchmarks/index/parts/growth.py",
        "service/__pycache__/one.pyc",
        "docs/indexes.md",
    ],
)
def test_a_change_of_anything_else_keeps_it(tmp_path: Path, name: str) -> None:
    assert write(tmp_path, name, "1") == write(tmp_path, name, "2")

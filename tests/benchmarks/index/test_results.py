"""A result is of the code that was measured."""

from pathlib import Path

import pytest

from benchmarks.index.results import Result, compute_digest, load, save


def test_a_part_that_was_measured_has_its_result(tmp_path: Path) -> None:
    result = Result({"p50_ms": 1.5}, {"sizes": [[1.0, 2.0]]}, {"segments": "flat"}, seconds=3.0)
    save(tmp_path / "store", "exact", result)
    assert load(tmp_path / "store", "exact") == result


def test_a_part_that_was_not_measured_has_none(tmp_path: Path) -> None:
    assert load(tmp_path, "exact") is None


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

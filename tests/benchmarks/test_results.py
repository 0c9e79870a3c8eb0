"""What was measured is found by the next run."""

from pathlib import Path

from benchmarks.results import Result, begin, load, save


def test_a_part_that_was_measured_has_its_result(tmp_path: Path) -> None:
    result = Result({"p50_ms": 1.5}, {"sizes": [[1.0, 2.0]]}, {"segments": "flat"}, seconds=3.0)
    save(tmp_path / "store", "exact", result)
    assert load(tmp_path / "store", "exact") == result


def test_a_part_that_was_not_measured_has_none(tmp_path: Path) -> None:
    assert load(tmp_path, "exact") is None


def test_a_part_that_has_ended_tells_when_and_how_long() -> None:
    finish = begin()
    result = finish(Result({"p50_ms": 1.5}))
    assert result.figures == {"p50_ms": 1.5}
    assert result.finished.endswith("UTC")
    assert result.seconds > 0
    assert 0 <= result.others <= 1

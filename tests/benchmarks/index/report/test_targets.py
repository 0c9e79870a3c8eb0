"""What a run lacks is told, not passed over."""

from benchmarks.index.report.targets import TARGETS
from benchmarks.results import Result
from benchmarks.targets import Verdict, judge_all


def test_a_run_without_any_result_judges_every_target() -> None:
    rows = judge_all(TARGETS, {})
    assert len(rows) == len(TARGETS)
    assert {row.verdict for row in rows} == {Verdict.NOT_MEASURED}


def test_adds_without_postgresql_say_so() -> None:
    figures = {"sqlite_catalogue": 1.0, "sqlite_http_1": 1.0, "sqlite_http_4": 1.0}
    result = Result(figures, notes={"postgresql": "none is installed"})
    rows = [row for row in judge_all(TARGETS, {"adding": result}) if "PostgreSQL, " in row.what]
    assert {(row.measured, row.verdict) for row in rows} == {
        ("none is installed", Verdict.NOT_MEASURED)
    }

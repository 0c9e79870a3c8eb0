"""A cliff is where useful work a second falls though more work is there."""

from benchmarks.results import Result
from benchmarks.serving.report.cliffs import find_cliff, read_curve, tell_cliffs
from tests.benchmarks.serving.report.made import make_sample


def make(**gflops: float) -> Result:
    points = [[float(x[1:]), *make_sample(1.0, gflops=each).write()] for x, each in gflops.items()]
    return Result(curves={"lengths": points})


def test_doing_the_same_work_with_more_is_no_cliff() -> None:
    assert tell_cliffs(make(x4=50.0, x8=100.0, x16=76.0, x32=90.0)) == []


def test_a_fall_is_told_with_where_it_is() -> None:
    told = tell_cliffs(make(x4=50.0, x8=100.0, x16=74.0))
    assert told == ["tokens of a text, 32 connections: a fall at 16"]


def test_a_slow_slide_is_a_cliff_as_well() -> None:
    points = read_curve(make(x1=100.0, x2=80.0, x3=70.0), "lengths")
    assert find_cliff(points, lambda sample: sample.gflops) == 3


def test_failures_are_told() -> None:
    result = Result(curves={"batches": [[512.0, *make_sample(1.0, errors=2.0).write()]]})
    assert tell_cliffs(result) == ["short texts of a request, 1 connection: failures at 512"]

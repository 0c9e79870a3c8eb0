"""A run in figures."""

import numpy as np
import pytest

from benchmarks.serving.generator.order import Calls
from benchmarks.serving.loads import Bodies
from benchmarks.serving.models import Shape
from benchmarks.serving.stage.drive import Run
from benchmarks.serving.stage.raw import join
from benchmarks.serving.stage.sample import Sample, summarise
from benchmarks.serving.stage.truth import Truth

SHAPE = Shape(layers=1, hidden=1, feed_forward=1)
BODIES = Bodies([["a", "b"], ["c", "d"]], [[2, 3], [5, 7]])


def make_run(**answers: list[float]) -> Run:
    calls = Calls(
        bodies=[0, 1, 0], started=[0.0, 0.1, 0.2], seconds=[0.1, 0.3, 9.0],
        statuses=[200, 200, 429], elapsed=2.0, busy=0.25,
    )  # fmt: skip
    rows = {0: np.array([answers["a"], answers["b"]], dtype=np.float32)} if answers else {}
    return Run(calls, BODIES, rows)


def test_only_what_was_answered_counts() -> None:
    sample = summarise(make_run(), SHAPE, cpu=8.0, memory=100.0)
    assert (sample.texts_per_second, sample.tokens_per_second) == (2.0, 8.5)
    assert (sample.requests, sample.errors) == (2, 1)
    assert sample.p50_ms == pytest.approx(200)
    assert sample.cpu_seconds == pytest.approx(2_000)
    assert sample.gflops == pytest.approx(SHAPE.count_flops([2, 3, 5, 7]) / 2 / 1e9)


def test_a_server_that_answers_nothing_has_figures_all_the_same() -> None:
    calls = Calls([0], [0.0], [0.1], [0], 1.0)
    sample = summarise(Run(calls, BODIES, {}), SHAPE, cpu=1.0, memory=1.0)
    assert (sample.texts_per_second, sample.requests, sample.errors) == (0, 0, 1)


def test_a_sample_is_a_point_of_a_curve_and_back() -> None:
    sample = summarise(make_run(), SHAPE, cpu=8.0, memory=100.0, cosine=0.5)
    assert Sample.read(sample.write()) == sample


def test_the_worst_vector_is_told() -> None:
    truth = Truth({"a": np.array([1, 0], np.float32), "b": np.array([0, 1], np.float32)})
    assert truth.compare(make_run(a=[2.0, 0.0], b=[1.0, 1.0])) == pytest.approx(0.5**0.5)
    assert truth.compare(make_run()) is None


def test_requests_that_come_at_a_time_are_one_for_the_raw_model() -> None:
    joined = join(Bodies([["a"], ["b"], ["c"]], [[1], [2], [3]]), 2)
    assert (joined.texts, joined.tokens) == ([["a", "b"]], [[1, 2]])

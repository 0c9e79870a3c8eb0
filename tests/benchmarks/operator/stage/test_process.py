"""Metrics are read as Prometheus would read them."""

from benchmarks.operator.stage.process import Metrics

TEXT = """# HELP depth Keys.
# TYPE depth gauge
depth 3.0
ready{name="a",type="Ready"} 1.0
ready{name="b",type="Ready"} 1.0
ready{name="b",type="Degraded"} 4.0
ready_total{name="c",type="Ready"} 1.0
"""


def test_samples_of_a_name_are_summed_by_labels() -> None:
    metrics = Metrics(TEXT)
    assert metrics.sum("depth") == 3
    assert metrics.sum("ready") == 6
    assert metrics.sum("ready", 'type="Ready"') == 2


def test_what_is_not_told_is_nothing() -> None:
    assert Metrics(TEXT).sum("absent") == 0

"""Every metric says what it counts, and no request can grow it."""

import pytest

from embedding_service.telemetry.metrics_page import MetricFacts, list_metrics

METRICS = list(list_metrics())

# A label's values must come from a set that no request can grow: say from which before adding one.
LABELS = {
    "backend": "code paths",
    "cause": "crash, hang",
    "device": "devices of this machine, none",
    "dimension": "one for each model",
    "dtype": "one for each model",
    "fingerprint": "one for each model",
    "index": "names of indexes, which go with them",
    "kind": "kinds of failure",
    "method": "HTTP's methods, other",
    "model": "served names",
    "reason": "error codes (errors.py); cancelled, deadline",
    "reference": "one for each model",
    "result": "hit, miss",
    "route": "templates of routes, unmatched",
    "stage": "tokenisation, queue, inference, encoding",
    "status": "HTTP's status codes",
    "traffic": "interactive, bulk",
}
UNITS = {
    "_seconds": "Seconds",
    "_bytes": "Bytes",
    "_tokens": "Tokens",
    "_texts": "Texts",
    "_ratio": "0 to 1",
}


def test_the_promised_names_are_there() -> None:
    promised = {
        "embeddings_generated_total",
        "embedding_duration_seconds",
        "gpu_memory_used_bytes",
        "active_requests",
    }
    assert promised <= {metric.name for metric in METRICS}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_help_is_a_sentence_that_tells_the_unit(metric: MetricFacts) -> None:
    assert metric.help.endswith(".")
    assert len(metric.help) >= 15
    for suffix, unit in UNITS.items():
        if metric.name.removesuffix("_total").endswith(suffix):
            assert unit in metric.help


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_labels_come_from_the_closed_list(metric: MetricFacts) -> None:
    assert set(metric.labels) <= LABELS.keys()


def test_the_closed_list_has_no_label_that_nobody_uses() -> None:
    assert LABELS.keys() == {label for metric in METRICS for label in metric.labels}


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_have_our_prefix_or_are_promised(metric: MetricFacts) -> None:
    own_names = ("active_requests", "embeddings_generated_total", "gpu_memory_used_bytes")
    assert metric.name.startswith(("embedding_", "http_", "index_")) or metric.name in own_names

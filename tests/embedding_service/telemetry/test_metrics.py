import sys

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from embedding_service.telemetry.metrics import Metrics


def exposition(metrics: Metrics) -> list[str]:
    return generate_latest(metrics.registry).decode().splitlines()


def test_two_registries_know_nothing_of_each_other() -> None:
    one, other = Metrics(CollectorRegistry()), Metrics(CollectorRegistry())
    one.active_requests.inc()
    assert one.registry.get_sample_value("active_requests") == 1
    assert other.registry.get_sample_value("active_requests") == 0


def test_without_a_gpu_its_memory_is_zero() -> None:
    assert 'gpu_memory_used_bytes{device="none"} 0.0' in exposition(Metrics(CollectorRegistry()))


def test_the_promised_counter_has_its_exact_name() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.embeddings_generated.labels("mini").inc(3)
    assert 'embeddings_generated_total{model="mini"} 3.0' in exposition(metrics)


def test_the_promised_histogram_is_in_seconds() -> None:
    metrics = Metrics(CollectorRegistry())
    metrics.embedding_duration.labels("mini").observe(0.25)
    lines = exposition(metrics)
    assert 'embedding_duration_seconds_bucket{le="0.25",model="mini"} 1.0' in lines
    assert 'embedding_duration_seconds_sum{model="mini"} 0.25' in lines


@pytest.mark.skipif(sys.platform != "linux", reason="read from /proc")
def test_the_process_tells_its_memory() -> None:
    registry = Metrics(CollectorRegistry()).registry
    assert (registry.get_sample_value("process_resident_memory_bytes") or 0) > 1_000_000

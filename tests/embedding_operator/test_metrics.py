"""What Prometheus is told of indexes."""

import pytest
from prometheus_client import CollectorRegistry

from embedding_operator.metrics import Metrics
from embedding_operator.resources.status import IndexStatus, ReplicaStatus

LAG = "embedding_index_replica_lag_rows"
INDEX = {"namespace": "team", "name": "docs"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics(registry)


def status(*told: tuple[int | None, int | None]) -> IndexStatus:
    """Of an index whose replicas tell a version and a lag each."""
    replicas = [
        ReplicaStatus(pod=f"docs-{place}", version=version, lag=lag)
        for place, (version, lag) in enumerate(told)
    ]
    return IndexStatus(replica_statuses=replicas or None)


@pytest.mark.parametrize(
    ("told", "lag"),
    [
        ([(5, 0)], 0),
        ([(5, 0), (3, 2)], 2),
        ([(5, 4), (7, 0)], 4),
        ([(9, 0), (3, 0)], 6),  # the second has lost its database
        ([(9, 0), (None, None)], 0),
        ([(None, None)], None),
        ([], None),
    ],
)
def test_the_lag_is_that_of_the_replica_furthest_behind(
    metrics: Metrics,
    registry: CollectorRegistry,
    told: list[tuple[int | None, int | None]],
    lag: int | None,
) -> None:
    metrics.indexes.tell("team", "docs", status(*told))
    assert registry.get_sample_value(LAG, INDEX) == lag


def test_a_lag_that_nobody_tells_any_more_goes_and_an_index_with_all_of_it(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    metrics.indexes.tell("team", "docs", status((5, 3)))
    metrics.indexes.tell("team", "other", status((5, 1)))
    metrics.indexes.tell("team", "docs", status())
    assert registry.get_sample_value(LAG, INDEX) is None
    metrics.indexes.forget("team", "docs")
    assert registry.get_sample_value("embedding_index_ready_replicas", INDEX) is None
    assert registry.get_sample_value(LAG, {**INDEX, "name": "other"}) == 1

"""What Prometheus is told of indexes is what their status says, and goes with them."""

from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest

from embedding_operator.metrics import Metrics
from embedding_operator.resources.status import IndexStatus, ReplicaStatus

LAG = "embedding_index_replica_lag_rows"
INDEX = {"namespace": "team", "name": "docs"}
CONDITION = {
    "status": "True",
    "reason": "AsExpected",
    "message": "",
    "observedGeneration": 1,
    "lastTransitionTime": "2026-03-10T12:00:00Z",
}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics(registry)


def tell(metrics: Metrics, name: str, **status: Any) -> None:
    metrics.indexes.tell("team", name, IndexStatus.model_validate(status))


def read(registry: CollectorRegistry) -> dict[str, float]:
    """Samples of indexes, by name and labels."""
    text = generate_latest(registry).decode()
    lines = [line.rpartition(" ") for line in text.splitlines() if line.startswith("embedding_in")]
    return {sample: float(value) for sample, _, value in lines}


def status(*told: tuple[int | None, int | None]) -> IndexStatus:
    """Of an index whose replicas tell a version and a lag each."""
    replicas = [
        ReplicaStatus(pod=f"docs-{place}", version=version, lag=lag)
        for place, (version, lag) in enumerate(told)
    ]
    return IndexStatus(replica_statuses=replicas or None)


def test_a_status_is_told_in_numbers(metrics: Metrics, registry: CollectorRegistry) -> None:
    conditions = [
        {**CONDITION, "type": "Ready"},
        {**CONDITION, "type": "Degraded", "status": "False"},
        {**CONDITION, "type": "SomebodyElses"},
    ]
    snapshots = {"failures": 2, "lastTime": "2026-03-10T12:00:00Z"}
    tell(
        metrics,
        "docs",
        conditions=conditions,
        readyReplicas=2,
        documents=3,
        snapshots=snapshots,
    )
    of = 'namespace="team"'
    assert read(registry) == {
        f'embedding_index_condition{{name="docs",{of},type="Ready"}}': 1.0,
        f'embedding_index_condition{{name="docs",{of},type="Degraded"}}': 0.0,
        f'embedding_index_ready_replicas{{name="docs",{of}}}': 2.0,
        f'embedding_index_documents{{name="docs",{of}}}': 3.0,
        f'embedding_index_snapshot_failures{{name="docs",{of}}}': 2.0,
        f'embedding_index_last_snapshot_timestamp_seconds{{name="docs",{of}}}': 1773144000.0,
    }


def test_what_is_not_known_is_not_told(metrics: Metrics, registry: CollectorRegistry) -> None:
    tell(metrics, "docs")
    assert not [
        sample for sample in read(registry) if "snapshot" in sample or "condition" in sample
    ]


def test_an_index_that_is_gone_is_told_of_no_more(
    metrics: Metrics, registry: CollectorRegistry
) -> None:
    tell(metrics, "docs")
    tell(metrics, "stays")
    metrics.indexes.forget("team", "docs")
    metrics.indexes.forget("team", "never-there")
    assert {"docs" in sample for sample in read(registry)} == {False}
    assert read(registry)


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

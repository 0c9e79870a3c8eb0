"""Figures that move with traffic are told once a minute; all else at once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from embedding_indexes import NOW
from embedding_operator.resources.status import AutoscalingStatus, IndexStatus, ReplicaStatus
from embedding_operator.status.figures import temper

WRITTEN = IndexStatus(
    documents=3,
    version=5,
    replica_statuses=[ReplicaStatus(pod="a", ready=True, version=5, lag=0)],
    autoscaling=AutoscalingStatus(desired=2, reason="OnTarget"),
)
FIGURES: list[dict[str, Any]] = [
    {"documents": 4},
    {"version": 6},
    {"replica_statuses": [ReplicaStatus(pod="a", ready=True, version=6, lag=2)]},
    {"autoscaling": AutoscalingStatus(desired=2, reason="StabilisingDown")},
]
ELSE: list[dict[str, Any]] = [
    {"phase": "Degraded"},
    {"replica_statuses": [ReplicaStatus(pod="a", ready=False, version=5, lag=0)]},
    {"replica_statuses": [ReplicaStatus(pod="b", ready=True, version=5, lag=0)]},
    {"replica_statuses": None},
    {"autoscaling": AutoscalingStatus(desired=3, reason="OnTarget")},
    {"autoscaling": None},
]


def told(change: dict[str, Any], written_at: datetime | None) -> bool:
    status = WRITTEN.model_copy(update=change)
    tempered = temper(status, WRITTEN, written_at, NOW)
    assert tempered in (status, WRITTEN)
    return tempered == status


@pytest.mark.parametrize("change", FIGURES)
def test_figures_wait_for_a_minute(change: dict[str, Any]) -> None:
    assert not told(change, NOW - timedelta(seconds=59))
    assert told(change, NOW - timedelta(seconds=60))
    assert told(change, None)


@pytest.mark.parametrize("change", ELSE)
def test_all_else_is_told_at_once(change: dict[str, Any]) -> None:
    assert told(change, NOW)


def test_with_something_else_figures_are_told_too() -> None:
    assert told({**FIGURES[0], **ELSE[0]}, NOW)

"""What the operator tells Prometheus, on a registry that is passed in."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from embedding_operator.reasons import ConditionType
from embedding_operator.resources.status import IndexStatus
from embedding_operator.resources.times import read_time

_STATES: Final = frozenset(map(str, ConditionType))
_INDEX: Final = ("namespace", "name")


class Metrics:
    """One for each process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def name(what: str) -> str:
            return f"embedding_operator_{what}"

        self.passes = Counter(
            name("reconcile_total"),
            "Passes over an index, by outcome.",
            ["result"],
            registry=registry,
        )
        self.seconds = Histogram(
            name("reconcile_seconds"), "Duration of a pass over an index.", registry=registry
        )
        self.calls = Counter(
            name("api_requests_total"),
            "Requests to the API server, by verb and status; 0 is no answer.",
            ["verb", "code"],
            registry=registry,
        )
        self.events = Counter(
            name("watch_events_total"), "Events watched, by kind.", ["kind"], registry=registry
        )
        self.waiting = Gauge(
            name("queue_depth"), "Indexes that wait for a pass now.", registry=registry
        )
        self.active = Gauge(
            name("active_passes"), "Passes over indexes that run now.", registry=registry
        )
        self.oldest = Gauge(
            name("queue_oldest_seconds"), "How long the oldest one has waited.", registry=registry
        )
        self.scalings = Counter(
            name("autoscaler_decisions_total"),
            "Decisions of the autoscaler, by reason.",
            ["reason"],
            registry=registry,
        )
        self.failures = Counter(
            name("background_failures_total"),
            "Lists of everything, and looks at the signing keys, that have failed, by which.",
            ["task"],
            registry=registry,
        )
        self.indexes = IndexMetrics(registry)

    def count_call(self, verb: str, status: int) -> None:
        """One request to the API server."""
        self.calls.labels(verb, status).inc()


@dataclass(frozen=True, slots=True)
class _State:
    """What is told of one index."""

    conditions: tuple[tuple[str, bool], ...]
    ready: int
    documents: int
    lag: int | None
    failures: int | None
    snapshot: float | None


class IndexMetrics(Collector):
    """Of the indexes that are this operator's; made when they are asked for.

    A Gauge keeps an object of a kilobyte for each of an index's ten values.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self._states: dict[tuple[str, str], _State] = {}
        self._left: set[tuple[str, str]] = set()
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """As Prometheus' client asks for it."""
        conditions = GaugeMetricFamily(
            "embedding_index_condition",
            "1 where a condition of an index is True, else 0.",
            labels=(*_INDEX, "type"),
        )
        for key, state in self._states.items():
            for type_, is_so in state.conditions:
                conditions.add_metric((*key, type_), is_so)
        yield conditions
        for name, what, read in _VALUES:
            values = GaugeMetricFamily(name, what, labels=_INDEX)
            for key, state in self._states.items():
                if (value := read(state)) is not None:
                    values.add_metric(key, value)
            yield values
        left = GaugeMetricFamily(
            "embedding_index_left",
            "1 where an index is another installation's, and is left to it.",
            labels=_INDEX,
        )
        for key in self._left:
            left.add_metric(key, 1)
        yield left

    def leave(self, namespace: str, name: str) -> None:
        """The index is another operator's."""
        self.forget(namespace, name)
        self._left.add((namespace, name))

    def tell(self, namespace: str, name: str, status: IndexStatus) -> None:
        """The state of one index."""
        self._left.discard((namespace, name))
        snapshots = status.snapshots
        newest = snapshots.last_time if snapshots is not None else None
        self._states[namespace, name] = _State(
            conditions=tuple(
                (each.type, each.status == "True")
                for each in status.conditions or ()
                if each.type in _STATES
            ),
            ready=status.ready_replicas or 0,
            documents=status.documents or 0,
            lag=_find_lag(status),
            failures=(snapshots.failures or 0) if snapshots is not None else None,
            snapshot=read_time(newest).timestamp() if newest is not None else None,
        )

    def forget(self, namespace: str, name: str) -> None:
        """The index is gone."""
        self._states.pop((namespace, name), None)
        self._left.discard((namespace, name))


def _find_lag(status: IndexStatus) -> int | None:
    """Of the slowest behind what any of them knows; None where no replica tells.

    A replica that has lost its database does not know itself how far behind it is.
    """
    told = [
        (each.version, each.lag or 0)
        for each in status.replica_statuses or ()
        if each.version is not None
    ]
    if not told:
        return None
    return max(version + lag for version, lag in told) - min(version for version, _ in told)


_VALUES: Final[Sequence[tuple[str, str, Callable[[_State], float | None]]]] = (
    ("embedding_index_ready_replicas", "Pods that get requests.", lambda each: each.ready),
    ("embedding_index_documents", "Documents of an index.", lambda each: each.documents),
    (
        "embedding_index_replica_lag_rows",
        "Rows that the replica furthest behind has still to take over.",
        lambda each: each.lag,
    ),
    (
        "embedding_index_last_snapshot_timestamp_seconds",
        "Unix time of the newest complete snapshot.",
        lambda each: each.snapshot,
    ),
    (
        "embedding_index_snapshot_failures",
        "Snapshots that have failed since the last that did not.",
        lambda each: each.failures,
    ),
)

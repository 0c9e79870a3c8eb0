"""What the operator tells Prometheus, on a registry that is passed in."""

from datetime import datetime
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from embedding_operator.reasons import ConditionType
from embedding_operator.resources.status import IndexStatus
from embedding_operator.resources.times import read_time

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


class IndexMetrics:
    """Of the indexes that are this operator's."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._conditions = Gauge(
            "embedding_index_condition",
            "1 where a condition of an index is True, else 0.",
            [*_INDEX, "type"],
            registry=registry,
        )
        self._ready = Gauge(
            "embedding_index_ready_replicas", "Pods that get requests.", _INDEX, registry=registry
        )
        self._documents = Gauge(
            "embedding_index_documents", "Documents of an index.", _INDEX, registry=registry
        )
        self._lag = Gauge(
            "embedding_index_replica_lag_rows",
            "Rows that the replica furthest behind has still to take over.",
            _INDEX,
            registry=registry,
        )
        self._snapshot = Gauge(
            "embedding_index_last_snapshot_timestamp_seconds",
            "Unix time of the newest complete snapshot.",
            _INDEX,
            registry=registry,
        )
        self._failures = Gauge(
            "embedding_index_snapshot_failures",
            "Snapshots that have failed since the last that did not.",
            _INDEX,
            registry=registry,
        )

        self._left = Gauge(
            "embedding_index_left",
            "1 where an index is another installation's, and is left to it.",
            _INDEX,
            registry=registry,
        )

    def leave(self, namespace: str, name: str) -> None:
        """The index is another operator's."""
        self.forget(namespace, name)
        self._left.labels(namespace, name).set(1)

    def tell(self, namespace: str, name: str, status: IndexStatus) -> None:
        """The state of one index."""
        self._left.remove_by_labels({"namespace": namespace, "name": name})
        conditions = {each.type: each.status for each in status.conditions or ()}
        for type_ in ConditionType:
            if type_ in conditions:
                is_so = conditions[type_] == "True"
                self._conditions.labels(namespace, name, type_).set(is_so)
        self._ready.labels(namespace, name).set(status.ready_replicas or 0)
        self._documents.labels(namespace, name).set(status.documents or 0)
        lag = _find_lag(status)
        if lag is None:  # nobody tells, and the last figure says nothing of now
            self._lag.remove_by_labels({"namespace": namespace, "name": name})
        else:
            self._lag.labels(namespace, name).set(lag)
        snapshots = status.snapshots
        if snapshots is not None:
            self._failures.labels(namespace, name).set(snapshots.failures or 0)
            if snapshots.last_time is not None:
                moment: datetime = read_time(snapshots.last_time)
                self._snapshot.labels(namespace, name).set(moment.timestamp())

    def forget(self, namespace: str, name: str) -> None:
        """The index is gone."""
        counts = (self._ready, self._documents, self._lag, self._snapshot, self._failures)
        for gauge in (*counts, self._left):
            gauge.remove_by_labels({"namespace": namespace, "name": name})
        self._conditions.remove_by_labels({"namespace": namespace, "name": name})


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

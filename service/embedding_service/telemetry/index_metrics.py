"""Prometheus metrics of indexes.

Their label is the one that callers make: there are as many series as indexes, and the series of an
index go with it.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

_SECONDS_OF_BUILDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 600, 1800, 3600)


class IndexMetrics:
    """All instruments as attributes; one instance for each registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._watch_state(registry)
        self._count_work(registry)
        self._watch_builds(registry)

    def _watch_state(self, registry: CollectorRegistry) -> None:
        self.documents = Gauge(
            "index_documents",
            "Documents that can be found here.",
            ["index"],
            registry=registry,
        )
        self.version = Gauge(
            "index_version",
            "Version of the index that is applied here; compare replicas by it.",
            ["index"],
            registry=registry,
        )
        self.memory = Gauge(
            "index_memory_bytes", "Bytes of the index in memory here.", ["index"], registry=registry
        )
        self.segments = Gauge(
            "index_segments", "Segments that a search goes through.", ["index"], registry=registry
        )
        self.unbuilt = Gauge(
            "index_unbuilt_rows",
            "Rows that are searched exactly, because no graph has them yet.",
            ["index"],
            registry=registry,
        )
        self.damaged = Gauge(
            "index_damaged",
            "1 when a row was not what had been written: the index has stopped.",
            ["index"],
            registry=registry,
        )

    def _count_work(self, registry: CollectorRegistry) -> None:
        self.written = Counter(
            "index_written_documents_total",
            "Documents added, replaced or removed through this process.",
            ["index"],
            registry=registry,
        )
        self.write_duration = Histogram(
            "index_write_duration_seconds",
            "Seconds from a write's turn at the record until it is durable and applied.",
            ["index"],
            registry=registry,
            buckets=_SECONDS,
        )
        self.queries = Counter(
            "index_queries_total", "Queries searched.", ["index"], registry=registry
        )
        self.search_duration = Histogram(
            "index_search_duration_seconds",
            "Seconds of one pass over an index, for all queries in it.",
            ["index"],
            registry=registry,
            buckets=_SECONDS,
        )

    def _watch_builds(self, registry: CollectorRegistry) -> None:
        self.recall = Gauge(
            "index_recall_ratio",
            "recall@10 of the graph built last, measured on a sample of its rows, 0 to 1.",
            ["index"],
            registry=registry,
        )
        self.build_duration = Histogram(
            "index_build_duration_seconds",
            "Seconds of making segments one, with a graph or without.",
            ["index"],
            registry=registry,
            buckets=_SECONDS_OF_BUILDS,
        )
        self.failed_builds = Counter(
            "index_failed_builds_total",
            "Builds that came to nothing; their rows are searched exactly.",
            ["index"],
            registry=registry,
        )

    def forget(self, index: str) -> None:
        """Take the series of an index away."""
        for metric in vars(self).values():
            metric.remove_by_labels({"index": index})

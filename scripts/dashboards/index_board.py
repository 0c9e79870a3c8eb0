"""The dashboard of indexes: what their pods count, and what the operator tells of them."""

from typing import Final

from dashboards.board import Board, Kind, Panel, Row, Unit, Variable
from dashboards.traffic import build_traffic

_OPERATOR: Final = '{namespace=~"$namespace", name=~"$index"'
"""Matchers of the operator's own metrics, which have an index as `name`; to be closed by `}`."""
_INDEX: Final = "{{namespace}}/{{index}}"
_NAME: Final = "{{namespace}}/{{name}}"

_STATE: Final = Row(
    "State",
    (
        Panel(
            "Indexes",
            "That the operator looks after.",
            Unit.COUNT,
            {"": f'count(embedding_index_condition{_OPERATOR}, type="Ready"}})'},
            kind=Kind.FIGURE,
            width=6,
        ),
        Panel(
            "Not ready",
            "Fewer replicas serve than are wanted, or the spec cannot be done.",
            Unit.COUNT,
            {"": f'sum(1 - embedding_index_condition{_OPERATOR}, type="Ready"}})'},
            kind=Kind.FIGURE,
            width=6,
            alarm=1,
        ),
        Panel(
            "Degraded",
            "A person should look: alert EmbeddingIndexDegraded.",
            Unit.COUNT,
            {"": f'sum(embedding_index_condition{_OPERATOR}, type="Degraded"}})'},
            kind=Kind.FIGURE,
            width=6,
            alarm=1,
        ),
        Panel(
            "Damaged",
            "Stopped, because a row is not what was written: alert EmbeddingIndexDamaged.",
            Unit.COUNT,
            {"": "sum(max by (namespace, index) (index_damaged{@}))"},
            kind=Kind.FIGURE,
            width=6,
            alarm=1,
        ),
        Panel(
            "Replicas that serve",
            "Pods that get requests.",
            Unit.COUNT,
            {_NAME: f"max by (namespace, name) (embedding_index_ready_replicas{_OPERATOR}}})"},
        ),
        Panel(
            "Rows that the slowest replica lacks",
            "A search there may answer from old documents: alert EmbeddingIndexBehind.",
            Unit.COUNT,
            {_NAME: f"max by (namespace, name) (embedding_index_replica_lag_rows{_OPERATOR}}})"},
        ),
        Panel(
            "Age of the newest snapshot",
            "What a restore would go back to, where the database is lost as well.",
            Unit.SECONDS,
            {
                _NAME: "time() - max by (namespace, name) "
                f"(embedding_index_last_snapshot_timestamp_seconds{_OPERATOR}}})"
            },
        ),
        Panel(
            "Snapshots that failed in a row",
            "From three on the index is Degraded.",
            Unit.COUNT,
            {_NAME: f"max by (namespace, name) (embedding_index_snapshot_failures{_OPERATOR}}})"},
        ),
    ),
)

_SEARCH: Final = Row(
    "Searches",
    (
        Panel(
            "Queries",
            "Searched, by index.",
            Unit.PER_SECOND,
            {_INDEX: "sum by (namespace, index) (rate(index_queries_total{@}[$__rate_interval]))"},
        ),
        Panel(
            "Time of a search, 95 %",
            "One pass over an index, embedding not counted: alert EmbeddingIndexSlow.",
            Unit.SECONDS,
            {
                _INDEX: "histogram_quantile(0.95, sum by (namespace, index, le) "
                "(rate(index_search_duration_seconds_bucket{@}[$__rate_interval])))"
            },
        ),
        Panel(
            "Rows that are searched exactly",
            "No graph has them yet: searches are right, and slower with each such row.",
            Unit.COUNT,
            {f"{_INDEX}, {{{{pod}}}}": "max by (namespace, index, pod) (index_unbuilt_rows{@})"},
        ),
        Panel(
            "Segments",
            "That a search goes through.",
            Unit.COUNT,
            {f"{_INDEX}, {{{{pod}}}}": "max by (namespace, index, pod) (index_segments{@})"},
        ),
    ),
)

_WRITES: Final = Row(
    "Writes and builds",
    (
        Panel(
            "Documents written",
            "Added, replaced or removed.",
            Unit.PER_SECOND,
            {
                _INDEX: "sum by (namespace, index) "
                "(rate(index_written_documents_total{@}[$__rate_interval]))"
            },
        ),
        Panel(
            "Time of a write, 95 %",
            "From its turn at the database until it is durable and can be found.",
            Unit.SECONDS,
            {
                _INDEX: "histogram_quantile(0.95, sum by (namespace, index, le) "
                "(rate(index_write_duration_seconds_bucket{@}[$__rate_interval])))"
            },
        ),
        Panel(
            "Time of a build",
            "Of making segments one, on average; it goes on beside the searches.",
            Unit.SECONDS,
            {
                _INDEX: "sum by (namespace, index) (increase(index_build_duration_seconds_sum{@}"
                "[1h])) / sum by (namespace, index) "
                "(increase(index_build_duration_seconds_count{@}[1h]))"
            },
        ),
        Panel(
            "Builds that came to nothing",
            "In an hour: alert EmbeddingIndexBuildsFail.",
            Unit.COUNT,
            {_INDEX: "sum by (namespace, index) (increase(index_failed_builds_total{@}[1h]))"},
        ),
        Panel(
            "Recall of the newest graph",
            "recall@10 on a sample of its own rows. A graph below 98 % is not used.",
            Unit.SHARE,
            {f"{_INDEX}, {{{{pod}}}}": "max by (namespace, index, pod) (index_recall_ratio{@})"},
        ),
    ),
)

_SIZE: Final = Row(
    "Size",
    (
        Panel(
            "Documents",
            "That can be found.",
            Unit.COUNT,
            {_INDEX: "max by (namespace, index) (index_documents{@})"},
        ),
        Panel(
            "Memory of an index",
            "In each pod: what `resources` must have room for, twice over while it is built.",
            Unit.BYTES,
            {f"{_INDEX}, {{{{pod}}}}": "max by (namespace, index, pod) (index_memory_bytes{@})"},
        ),
        Panel(
            "Memory of the process",
            "Of the front process, the index included.",
            Unit.BYTES,
            {
                f"{_INDEX}, {{{{pod}}}}": "max by (namespace, index, pod) "
                "(process_resident_memory_bytes{@})"
            },
        ),
        Panel(
            "Version",
            "Of the last write that a pod has applied; pods of one index differ by what they have "
            "still to take over.",
            Unit.COUNT,
            {f"{_INDEX}, {{{{pod}}}}": "max by (namespace, index, pod) (index_version{@})"},
        ),
    ),
)

INDEXES: Final = Board(
    uid="gpu-embedding-indexes",
    title="gpu-embedding / indexes",
    description="State, searches, writes and size of indexes.",
    variables=(
        Variable("namespace", "Namespace", "label_values(index_version, namespace)"),
        Variable("index", "Index", 'label_values(index_version{namespace=~"$namespace"}, index)'),
    ),
    selector='namespace=~"$namespace", index=~"$index"',
    rows=(_STATE, build_traffic("index", "EmbeddingIndexErrors"), _SEARCH, _WRITES, _SIZE),
)

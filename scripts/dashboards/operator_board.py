"""The dashboard of the operator: what it does, and what keeps it from doing it."""

from typing import Final

from dashboards.board import Board, Kind, Panel, Row, Unit, Variable

_WORK: Final = Row(
    "Passes over indexes",
    (
        Panel(
            "Passes",
            "By outcome. `unavailable` and `conflict` are tried again soon; `error` is one that "
            "nobody foresaw (alert EmbeddingOperatorErrors).",
            Unit.PER_SECOND,
            {
                "{{result}}": "sum by (result) "
                "(rate(embedding_operator_reconcile_total{@}[$__rate_interval]))"
            },
            is_stacked=True,
        ),
        Panel(
            "Time of a pass",
            "So many are faster.",
            Unit.SECONDS,
            {
                name: f"histogram_quantile({quantile}, sum by (le) "
                "(rate(embedding_operator_reconcile_seconds_bucket{@}[$__rate_interval])))"
                for name, quantile in {"half": 0.5, "95 %": 0.95}.items()
            },
        ),
        Panel(
            "Indexes that wait, and passes that run",
            "A queue that does not empty: alert EmbeddingOperatorBehind.",
            Unit.COUNT,
            {
                "waiting": "sum(embedding_operator_queue_depth{@})",
                "running": "sum(embedding_operator_active_passes{@})",
            },
        ),
        Panel(
            "Longest wait",
            "Of the index that has waited longest for a pass, or is longest in one.",
            Unit.SECONDS,
            {"{{pod}}": "max by (pod) (embedding_operator_queue_oldest_seconds{@})"},
        ),
    ),
)

_WORLD: Final = Row(
    "The API server",
    (
        Panel(
            "Calls by verb",
            "In a cluster in which nothing changes there are no writes.",
            Unit.REQUESTS,
            {
                "{{verb}}": "sum by (verb) "
                "(rate(embedding_operator_api_requests_total{@}[$__rate_interval]))"
            },
            is_stacked=True,
        ),
        Panel(
            "Calls by answer",
            "0 is no answer. 401 and 403: rights are missing (alert EmbeddingOperatorCallsFail).",
            Unit.REQUESTS,
            {
                "{{code}}": "sum by (code) "
                "(rate(embedding_operator_api_requests_total{@}[$__rate_interval]))"
            },
            is_stacked=True,
        ),
        Panel(
            "Events watched",
            "By kind of object.",
            Unit.PER_SECOND,
            {
                "{{kind}}": "sum by (kind) "
                "(rate(embedding_operator_watch_events_total{@}[$__rate_interval]))"
            },
            is_stacked=True,
        ),
        Panel(
            "What fails by the clock",
            "In an hour: lists of everything, looks at the signing keys (alert "
            "EmbeddingOperatorTasksFail).",
            Unit.COUNT,
            {
                "{{task}}": "sum by (task) "
                "(increase(embedding_operator_background_failures_total{@}[1h]))"
            },
        ),
    ),
)

_INDEXES: Final = Row(
    "Indexes",
    (
        Panel(
            "Indexes by condition",
            "So many have it True. Progressing and Degraded should pass; docs/conditions.md has "
            "each reason.",
            Unit.COUNT,
            {"{{type}}": 'sum by (type) (embedding_index_condition{job=~"$job"})'},
        ),
        Panel(
            "Decisions of the autoscaler",
            "By reason.",
            Unit.PER_SECOND,
            {
                "{{reason}}": "sum by (reason) "
                "(rate(embedding_operator_autoscaler_decisions_total{@}[$__rate_interval]))"
            },
            is_stacked=True,
        ),
        Panel(
            "Documents",
            "Of each index, as its pods told the operator last.",
            Unit.COUNT,
            {
                "{{namespace}}/{{name}}": "max by (namespace, name) "
                '(embedding_index_documents{job=~"$job"})'
            },
            width=24,
        ),
        Panel(
            "Degraded indexes",
            "`kubectl describe embeddingindex` has the reason, docs/conditions.md what to do.",
            Unit.COUNT,
            {"": 'embedding_index_condition{job=~"$job", type="Degraded"} == 1'},
            kind=Kind.TABLE,
            columns=("namespace", "name"),
        ),
        Panel(
            "Indexes of other installations",
            "Left to them. One that no operator tells of is alert EmbeddingIndexAbandoned.",
            Unit.COUNT,
            {"": 'embedding_index_left{job=~"$job"}'},
            kind=Kind.TABLE,
            columns=("namespace", "name"),
        ),
    ),
)

OPERATOR: Final = Board(
    uid="gpu-embedding-operator",
    title="gpu-embedding / operator",
    description="Passes, the API server, indexes at a glance.",
    variables=(
        Variable(
            "namespace", "Namespace", "label_values(embedding_operator_queue_depth, namespace)"
        ),
        Variable(
            "job",
            "Job",
            'label_values(embedding_operator_queue_depth{namespace=~"$namespace"}, job)',
        ),
    ),
    selector='namespace=~"$namespace", job=~"$job"',
    rows=(_WORK, _WORLD, _INDEXES),
)

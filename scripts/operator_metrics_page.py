"""The page of the operator's metrics, made from themselves."""

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from embedding_operator.metrics import Metrics

_HEAD = """\
# Metrics of the operator

`GET /metrics` on port 8080, in Prometheus' text format. Those of an index's own pods are in
[metrics.md](metrics.md).

<!-- Written by `make generate` from operator/embedding_operator/metrics.py. -->

| name | type | labels | meaning |
|---|---|---|---|
"""


def render_operator_metrics_page() -> str:
    """The whole text of docs/operator-metrics.md."""
    return _HEAD + "".join(_render_metrics())


def _render_metrics() -> Iterator[str]:
    metrics = Metrics(CollectorRegistry())
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            name = f"{family.name}_total" if family.type == "counter" else family.name
            yield _render(name, family.type, _list_labels(metric), family.documentation)
    for family in metrics.indexes.collect():
        yield _render(family.name, family.type, _list_labels(family), family.documentation)


def _render(name: str, kind: str, labels: Iterable[str], told: str) -> str:
    return f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {told} |\n"


def _list_labels(metric: object) -> Iterable[str]:
    """prometheus_client has no public way."""
    labels: Iterable[str] = vars(metric)["_labelnames"]
    return labels

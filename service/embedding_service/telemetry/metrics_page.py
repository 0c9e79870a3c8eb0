"""docs/metrics.md, written from the metrics themselves."""

from collections.abc import Iterator
from typing import NamedTuple

from prometheus_client import CollectorRegistry
from prometheus_client.metrics import MetricWrapperBase

from embedding_service.telemetry.metrics import Metrics

_INTRODUCTION = """\
# Metrics

`GET /metrics` answers in Prometheus' text format (`METRICS_ENABLED`, `METRICS_PORT`).
Histograms come as `_bucket`, `_sum` and `_count`.
Label values come from closed sets (served names, routes, error codes, kinds of failure):
no request can add one, and none holds a user's text. Only `index` grows with what is made: the
names of the indexes there are.

On Linux the front process adds `process_*`: CPU seconds, memory, open files, start time.
Worker processes are not in these.

<!-- Written by `make generate` from telemetry/metrics.py and telemetry/index_metrics.py. -->

| name | type | labels | meaning |
|---|---|---|---|
"""


class MetricFacts(NamedTuple):
    """What a metric says of itself."""

    name: str
    kind: str
    labels: tuple[str, ...]
    help: str


def list_metrics() -> Iterator[MetricFacts]:
    """Tell of every metric of the service, in the order of their definition."""
    metrics = Metrics(CollectorRegistry())
    for metric in (*vars(metrics).values(), *vars(metrics.indexes).values()):
        if not isinstance(metric, MetricWrapperBase):
            continue
        (family,) = metric.describe()
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = tuple(metric._labelnames)  # noqa: SLF001  prometheus_client has no public way
        yield MetricFacts(name, family.type, labels, family.documentation)


def render_metrics_page() -> str:
    """Return the whole text of docs/metrics.md."""
    rows = (
        f"| `{fact.name}` | {fact.kind} | {', '.join(f'`{label}`' for label in fact.labels)} "
        f"| {fact.help} |\n"
        for fact in list_metrics()
    )
    return _INTRODUCTION + "".join(rows)

"""Every series that the programs can expose, with its labels, out of their own registries."""

from collections.abc import Iterator, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, Metric
from prometheus_client.metrics import MetricWrapperBase

from embedding_operator.metrics import Metrics as OperatorMetrics
from embedding_service.telemetry.metrics import Metrics as ServiceMetrics

_SERIES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "counter": {"_total": ()},
    "gauge": {"": ()},
    "histogram": {"_bucket": ("le",), "_sum": (), "_count": ()},
}


def list_series() -> Mapping[str, frozenset[str]]:
    """Names of series to names of their labels; `up` is Prometheus' own."""
    service = ServiceMetrics(CollectorRegistry())
    operator_registry = CollectorRegistry()
    operator = OperatorMetrics(operator_registry)
    families: list[tuple[Metric, tuple[str, ...]]] = [
        *_describe(service),
        *_describe(service.indexes),
        *((each, ()) for each in service.registry.collect() if each.name.startswith("process_")),
        *_describe(operator),
        *((each, _labels_of(each)) for each in operator.indexes.collect()),
    ]
    series = {
        f"{family.name}{suffix}": frozenset((*labels, *more))
        for family, labels in families
        for suffix, more in _SERIES[family.type].items()
    }
    return {**series, "up": frozenset()}


def _describe(metrics: object) -> Iterator[tuple[Metric, tuple[str, ...]]]:
    for metric in vars(metrics).values():
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            yield family, _labels_of(metric)


def _labels_of(metric: object) -> tuple[str, ...]:
    """prometheus_client has no public way."""
    return tuple(vars(metric)["_labelnames"])

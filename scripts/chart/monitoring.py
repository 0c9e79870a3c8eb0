"""How the release is watched."""

from typing import Annotated, Any, TypeAlias

from pydantic import Field

from chart.shape import Annotations, Duration, Labels, Name, Port, Url, Values, native

Relabeling: TypeAlias = Annotated[dict[str, Any], native("monitoring.v1.RelabelConfig")]


class Monitor(Values):
    """What the Prometheus Operator is told to scrape."""

    enabled: bool = False
    """Whether there are such objects; needs the Prometheus Operator's kinds."""
    labels: Labels = {}
    """Those by which a Prometheus takes them up, for example `release: kube-prometheus-stack`."""
    annotations: Annotations = {}
    """More annotations."""
    interval: Duration = ""
    """How often; empty is Prometheus' own."""
    scrape_timeout: Duration = ""
    """How long an answer may take; empty is Prometheus' own."""
    relabelings: list[Relabeling] = []
    """Changes to targets, before they are scraped."""
    metric_relabelings: list[Relabeling] = []
    """Changes to what was scraped."""


class AlertOverride(Values):
    """How one alert differs from the chart's."""

    enabled: bool = True
    """Whether there is such an alert."""
    for_: Annotated[Duration, Field(alias="for")] = ""
    """How long it must be so; empty is the chart's."""
    severity: Annotated[str, Field(max_length=63, pattern=r"^([a-z][a-z0-9-]*)?$")] = ""
    """Label of that name; empty is the chart's."""
    threshold: float | None = None
    """What it is compared with, where it has such a number; null is the chart's."""


class PrometheusRule(Values):
    """Alerts (docs/alerts.md)."""

    enabled: bool = False
    """Whether there are any; needs the Prometheus Operator's kinds."""
    labels: Labels = {}
    """Those by which a Prometheus takes them up."""
    overrides: dict[Annotated[str, Field(pattern=r"^[A-Z][A-Za-z0-9]*$")], AlertOverride] = {}
    """Alerts by name, and how they differ."""
    runbook_base_url: Annotated[Url, Field(alias="runbookBaseURL")] = ""
    """What links to runbooks begin with, up to the page; empty leaves the page's own name."""


class Dashboards(Values):
    """Dashboards as ConfigMaps, which Grafana's sidecar finds."""

    enabled: bool = False
    """Whether there are any."""
    labels: Labels = {"grafana_dashboard": "1"}
    """Those by which the sidecar takes them up."""
    annotations: Annotations = {}
    """For example `grafana_folder: gpu-embedding`."""
    namespace: Name = ""
    """Where they are; empty is the release's."""


class Metrics(Values):
    """Figures for Prometheus (docs/metrics.md, docs/operator-metrics.md)."""

    enabled: bool = True
    """Whether the tier serves them."""
    port: Port = 9090
    """Port of the tier's pods for them alone."""
    service_monitor: Monitor = Monitor()
    """Scrapes the tier."""
    pod_monitors: Monitor = Monitor()
    """One scrapes the operator, one the pods of all indexes."""
    prometheus_rule: PrometheusRule = PrometheusRule()
    """Alerts."""
    grafana_dashboards: Dashboards = Dashboards()
    """Dashboards."""

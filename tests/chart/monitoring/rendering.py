"""The chart's monitoring, as Helm renders it."""

from collections.abc import Mapping
from typing import Any

from tests.chart import in_process
from tests.chart.helm import CHART, Manifest
from tests.chart.manifests import find

__all__ = ["CHART", "Manifest"]

Values = dict[str, Any]

NAMESPACE = "tenants"
RELEASE = "gpu-embedding"
SCRAPED: Values = {"serviceMonitor": {"enabled": True}, "podMonitors": {"enabled": True}}


def render(values: Values) -> list[Manifest]:
    """All objects for these values, in namespace NAMESPACE. Raises Refused."""
    return in_process.render({**values, "namespaceOverride": NAMESPACE}, RELEASE)


def render_rule(**settings: Any) -> Manifest:
    """The PrometheusRule, where everything is scraped; `settings` are metrics.prometheusRule's."""
    metrics = {**SCRAPED, "prometheusRule": {"enabled": True, **settings}}
    return find(render({"metrics": metrics}), "PrometheusRule")


def list_alerts(rule: Manifest) -> Mapping[str, Manifest]:
    """Each alert by its name."""
    return {each["alert"]: each for group in rule["spec"]["groups"] for each in group["rules"]}

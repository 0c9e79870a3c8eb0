"""The chart's monitoring, as Helm renders it."""

from collections.abc import Mapping
from typing import Any

import yaml
from helm_python import Chart

from generate import ROOT

Manifest = dict[str, Any]
Values = dict[str, Any]

CHART = ROOT / "charts" / "gpu-embedding"
NAMESPACE = "tenants"
RELEASE = "gpu-embedding"
SCRAPED: Values = {"serviceMonitor": {"enabled": True}, "podMonitors": {"enabled": True}}


def render(values: Values) -> list[Manifest]:
    """All objects for these values, in namespace NAMESPACE."""
    with Chart.load(CHART) as chart:
        texts = chart.render(values, name=RELEASE, namespace=NAMESPACE)
    manifests = [text for path, text in texts.items() if path.endswith(".yaml")]  # not NOTES.txt
    return [each for text in manifests for each in yaml.safe_load_all(text) if each]


def select(manifests: list[Manifest], kind: str) -> list[Manifest]:
    """Those of one kind."""
    return [each for each in manifests if each["kind"] == kind]


def render_rule(values: Values | None = None, **settings: Any) -> Manifest:
    """The PrometheusRule, where everything is scraped; `settings` are metrics.prometheusRule's."""
    metrics = {**SCRAPED, "prometheusRule": {"enabled": True, **settings}}
    (rule,) = select(render({"metrics": metrics} | (values or {})), "PrometheusRule")
    return rule


def list_alerts(rule: Manifest) -> Mapping[str, Manifest]:
    """Each alert by its name."""
    return {each["alert"]: each for group in rule["spec"]["groups"] for each in group["rules"]}

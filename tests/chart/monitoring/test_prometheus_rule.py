"""What of the alerts is installed, and how an installation makes them its own."""

from typing import Any

import pytest

from tests.chart.in_process import Refused
from tests.chart.manifests import find, find_all
from tests.chart.monitoring.rendering import (
    RELEASE,
    SCRAPED,
    list_alerts,
    render,
    render_rule,
)


def prefixes(metrics: dict[str, Any], **values: Any) -> set[str]:
    """What alerts are about, where `metrics` are enabled."""
    enabled = {**metrics, "prometheusRule": {"enabled": True}}
    rule = find(render({"metrics": enabled, **values}), "PrometheusRule")
    return {
        part for part in ("Tier", "Index", "Operator") for name in list_alerts(rule)
        if name.startswith(f"Embedding{part}")
    }  # fmt: skip


def test_there_are_alerts_of_every_part_that_is_scraped() -> None:
    assert prefixes(SCRAPED) == {"Tier", "Index", "Operator"}


def test_what_is_not_scraped_has_none() -> None:
    assert prefixes({"serviceMonitor": {"enabled": True}}) == {"Tier"}
    assert prefixes({"podMonitors": {"enabled": True}}) == {"Index", "Operator"}


def test_what_is_not_installed_has_none() -> None:
    assert prefixes(SCRAPED, operator={"enabled": False}) == {"Tier"}


def test_without_being_asked_for_there_are_none() -> None:
    assert find_all(render({"metrics": SCRAPED}), "PrometheusRule") == []


def test_where_nothing_is_scraped_the_way_out_is_told() -> None:
    with pytest.raises(Refused, match=r"nothing that it watches is scraped; set metrics\."):
        render({"metrics": {"prometheusRule": {"enabled": True}}})


def test_an_alert_asks_for_the_jobs_of_the_charts_own_monitors() -> None:
    objects = render({"metrics": {**SCRAPED, "prometheusRule": {"enabled": True}}})
    service_monitor = find(objects, "ServiceMonitor")
    wanted = service_monitor["spec"]["selector"]["matchLabels"]
    # Prometheus' operator calls a job as the Service, or as namespace and name of the PodMonitor.
    jobs = {
        each["metadata"]["name"]
        for each in find_all(objects, "Service")
        if wanted.items() <= each["metadata"]["labels"].items()
    } | {
        "/".join((each["metadata"]["namespace"], each["metadata"]["name"]))
        for each in find_all(objects, "PodMonitor")
    }
    rule = find(objects, "PrometheusRule")
    text = "\n".join(alert["expr"] for alert in list_alerts(rule).values())
    assert {part.partition('"')[0] for part in text.split('job="')[1:]} == jobs


def test_labels_of_an_index_are_what_alerts_ask_for() -> None:
    monitors = {
        each["metadata"]["name"]: each["spec"]["podMetricsEndpoints"]
        for each in find_all(render({"metrics": SCRAPED}), "PodMonitor")
    }
    # The operator tells `namespace` and `name` of indexes; those of its own pod would hide them.
    assert [each["honorLabels"] for each in monitors[f"{RELEASE}-operator"]] == [True]
    for endpoint in monitors[f"{RELEASE}-indexes"]:
        assert {
            "sourceLabels": ["__meta_kubernetes_pod_label_gpu_embedding_io_index"],
            "targetLabel": "index",
        } in endpoint["relabelings"]


def test_an_alert_may_be_turned_off() -> None:
    rule = render_rule(overrides={"EmbeddingTierSlow": {"enabled": False}})
    assert list_alerts(render_rule()).keys() - list_alerts(rule).keys() == {"EmbeddingTierSlow"}


def test_an_alert_may_have_another_threshold_time_and_severity() -> None:
    changes = {"threshold": 7.5, "for": "3h", "severity": "info"}
    changed = dict(list_alerts(render_rule(overrides={"EmbeddingTierSlow": changes})))
    alert = changed.pop("EmbeddingTierSlow")
    assert alert["expr"].endswith("> 7.5")
    assert (alert["for"], alert["labels"]["severity"]) == ("3h", "info")
    assert "7.5 | humanizeDuration" in alert["annotations"]["description"]
    assert "for 3h" in alert["annotations"]["description"]
    usual = dict(list_alerts(render_rule()))
    del usual["EmbeddingTierSlow"]
    assert changed == usual


def test_a_threshold_of_nothing_is_a_threshold() -> None:
    changed = render_rule(overrides={"EmbeddingTierWorkersLost": {"threshold": 0}})
    assert list_alerts(changed)["EmbeddingTierWorkersLost"]["expr"].endswith("> 0")


def test_a_group_that_is_turned_off_as_a_whole_is_not_there() -> None:
    names = [name for name in list_alerts(render_rule()) if name.startswith("EmbeddingOperator")]
    rule = render_rule(overrides={name: {"enabled": False} for name in names})
    assert [group["name"] for group in rule["spec"]["groups"]] == [
        "gpu-embedding.tier",
        "gpu-embedding.indexes",
    ]


def test_an_alert_that_there_is_not_is_refused_with_those_there_are() -> None:
    with pytest.raises(Refused, match=r"EmbeddingTierSlowly: there is no such.*EmbeddingTierSlow"):
        render_rule(overrides={"EmbeddingTierSlowly": {"enabled": False}})


def test_a_threshold_where_there_is_none_is_refused() -> None:
    with pytest.raises(Refused, match=r"EmbeddingOperatorDown.threshold: this alert has none"):
        render_rule(overrides={"EmbeddingOperatorDown": {"threshold": 3}})


def test_runbooks_are_where_the_installation_has_them() -> None:
    rule = render_rule(runbookBaseURL="https://wiki.example.org/search/")
    assert list_alerts(rule)["EmbeddingTierSlow"]["annotations"]["runbook_url"] == (
        "https://wiki.example.org/search/alerts.md#embeddingtierslow"
    )


def test_a_prometheus_finds_it_by_the_labels_that_are_asked_for() -> None:
    assert render_rule(labels={"release": "kps"})["metadata"]["labels"]["release"] == "kps"

"""Alerts and dashboards ask for what the programs expose, by labels and values that there are."""

import json
import re
from collections.abc import Iterator

import pytest

from embedding_operator.reasons import ConditionType
from embedding_service.api.problems import TABLE
from embedding_service.inference.requests import TrafficClass
from tests.chart.monitoring.exposition import list_series
from tests.chart.monitoring.queries import read_query
from tests.chart.monitoring.rendering import CHART, list_alerts, render_rule

SERIES = list_series()
OF_TARGETS = frozenset({"namespace", "pod", "job", "index"})
"""Labels that scraping gives to every series; `index` is the PodMonitor's, for pods of indexes."""
VALUES = {
    "type": {str(each) for each in ConditionType},
    "reason": {kind.code for kind in TABLE},
    "traffic": {each.value for each in TrafficClass},
}


def list_queries() -> Iterator[tuple[str, str]]:
    """Each with where it is."""
    for name, alert in list_alerts(render_rule()).items():
        yield name, alert["expr"]
    for path in sorted(CHART.glob("files/dashboards/*.json")):
        board = json.loads(path.read_text(encoding="utf-8"))
        for panel in board["panels"]:
            for target in panel.get("targets", ()):
                yield f"{path.stem}: {panel['title']} {target['refId']}", target["expr"]
        for variable in board["templating"]["list"]:
            if found := re.fullmatch(r"label_values\((.*), (\w+)\)", str(variable["query"])):
                yield f"{path.stem}: {variable['name']}", f"group by ({found[2]}) ({found[1]})"


QUERIES = dict(list_queries())


@pytest.mark.parametrize("place", QUERIES)
def test_a_query_asks_for_series_that_are_exposed(place: str) -> None:
    asked = {each.metric for each in read_query(QUERIES[place]).selectors}
    assert asked
    assert asked - SERIES.keys() == set()


@pytest.mark.parametrize("place", QUERIES)
def test_a_series_is_asked_for_by_labels_that_it_has(place: str) -> None:
    query = read_query(QUERIES[place])
    for selector in query.selectors:
        labels = {name for name, _ in selector.matchers}
        assert labels - SERIES[selector.metric] - OF_TARGETS == set()
    had = frozenset().union(*(SERIES[each.metric] for each in query.selectors))
    assert query.grouping - had - OF_TARGETS == set()


@pytest.mark.parametrize("place", QUERIES)
def test_a_label_is_compared_with_a_value_that_it_can_have(place: str) -> None:
    for selector in read_query(QUERIES[place]).selectors:
        for name, value in selector.matchers:
            assert name not in VALUES or value in VALUES[name]


def test_a_metric_that_is_not_there_would_be_noticed() -> None:
    (selector,) = read_query('sum(rate(embedding_dreams_total{model="x"}[5m]))').selectors
    assert selector.metric not in SERIES


def test_every_metric_is_on_a_dashboard_or_in_an_alert() -> None:
    asked = {each.metric for text in QUERIES.values() for each in read_query(text).selectors}
    own = {name for name in SERIES if not name.startswith("process_")}
    families = {re.sub(r"_(bucket|sum|count)$", "", name) for name in asked}
    assert {re.sub(r"_(bucket|sum|count)$", "", name) for name in own} - families == set()

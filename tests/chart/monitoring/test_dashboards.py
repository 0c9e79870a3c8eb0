"""Dashboards that Grafana takes up as they are, in any installation."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from tests.chart.manifests import find_all
from tests.chart.monitoring.rendering import CHART, NAMESPACE, RELEASE, Values, render

FILES = sorted(CHART.glob("files/dashboards/*.json"))
MEGABYTE = 1_048_576
"""What a ConfigMap can hold."""

board_files = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


def read(path: Path) -> dict[str, Any]:
    board: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return board


def list_panels(path: Path) -> list[dict[str, Any]]:
    """Those that show something."""
    return [panel for panel in read(path)["panels"] if panel["type"] != "row"]


def test_there_is_one_for_the_tier_one_for_indexes_and_one_for_the_operator() -> None:
    assert [path.stem for path in FILES] == ["indexes", "operator", "tier"]


def test_no_two_have_one_uid_or_one_title() -> None:
    boards = [read(path) for path in FILES]
    assert len({board["uid"] for board in boards}) == len(boards)
    assert len({board["title"] for board in boards}) == len(boards)


@board_files
def test_a_viewer_chooses_the_data_source_and_a_namespace(path: Path) -> None:
    first, *others = read(path)["templating"]["list"]
    assert (first["type"], first["query"]) == ("datasource", "prometheus")
    assert others[0]["name"] == "namespace"
    assert {each["datasource"]["uid"] for each in others} == {"${datasource}"}


@board_files
def test_every_panel_and_every_query_goes_to_the_chosen_data_source(path: Path) -> None:
    for panel in list_panels(path):
        for each in (panel, *panel["targets"]):
            assert each["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


@board_files
def test_every_query_is_bounded_by_what_the_viewer_chose_and_by_nothing_fixed(path: Path) -> None:
    for panel in list_panels(path):
        for target in panel["targets"]:
            assert '=~"$namespace"' in target["expr"] or '=~"$job"' in target["expr"]
    assert NAMESPACE not in path.read_text(encoding="utf-8")
    assert 'namespace="' not in path.read_text(encoding="utf-8")


@board_files
def test_every_panel_has_a_unit_a_title_of_its_own_and_says_what_it_shows(path: Path) -> None:
    panels = list_panels(path)
    assert len({panel["title"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["description"].endswith(".")


@board_files
def test_panels_do_not_overlap(path: Path) -> None:
    panels = read(path)["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24
    for one, other in combinations((panel["gridPos"] for panel in panels), 2):
        is_beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        is_below = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert is_beside or is_below


@board_files
def test_an_alert_that_a_panel_names_is_on_the_page(path: Path) -> None:
    page = (CHART.parents[1] / "docs" / "alerts.md").read_text(encoding="utf-8")
    for panel in list_panels(path):
        for name in re.findall(r"alert (\w+)", panel["description"]):
            assert f"### {name}\n" in page


def render_dashboards(**settings: Any) -> list[dict[str, Any]]:
    values: Values = {"metrics": {"grafanaDashboards": {"enabled": True, **settings}}}
    found = [
        each
        for each in find_all(render(values), "ConfigMap")
        if each["metadata"]["labels"]["app.kubernetes.io/component"] == "monitoring"
    ]
    return sorted(found, key=lambda each: str(each["metadata"]["name"]))


def test_each_is_a_config_map_with_the_file_as_it_is() -> None:
    found = render_dashboards()
    assert [each["metadata"]["name"] for each in found] == [
        f"{RELEASE}-dashboard-{path.stem}" for path in FILES
    ]
    for each, path in zip(found, FILES, strict=True):
        assert each["data"] == {path.name: path.read_text(encoding="utf-8").strip()}
        assert len(each["data"][path.name]) < MEGABYTE
        assert each["metadata"]["labels"]["grafana_dashboard"] == "1"


def test_they_may_be_where_grafana_looks_for_them() -> None:
    found = render_dashboards(
        namespace="grafana", labels={"mine": "yes"}, annotations={"grafana_folder": "Search"}
    )
    for each in found:
        assert each["metadata"]["namespace"] == "grafana"
        assert each["metadata"]["labels"]["mine"] == "yes"
        assert each["metadata"]["annotations"] == {"grafana_folder": "Search"}
        # Another release may put its own there, too.
        assert NAMESPACE in each["metadata"]["name"]


def test_without_being_asked_for_there_is_none() -> None:
    assert render_dashboards(enabled=False) == []

"""Writes a board as Grafana's JSON (schema 39: Grafana 10.3 and later read it as it is).

https://grafana.com/docs/grafana/latest/visualizations/dashboards/build-dashboards/view-dashboard-json-model/
"""

import json
from collections.abc import Iterator
from string import ascii_uppercase
from typing import Any, Final

from dashboards.board import FULL, Board, Kind, Panel, Variable

Json = dict[str, Any]

_SOURCE: Final[Json] = {"type": "prometheus", "uid": "${datasource}"}
_HEIGHTS: Final = {Kind.GRAPH: 8, Kind.FIGURE: 4, Kind.TABLE: 8}


def render_board(board: Board) -> str:
    """The whole text of a dashboard's file."""
    return json.dumps(_build_board(board), indent=2) + "\n"


def _build_board(board: Board) -> Json:
    return {
        "uid": board.uid,
        "title": board.title,
        "description": board.description,
        "tags": ["gpu-embedding"],
        "schemaVersion": 39,
        "editable": True,
        "graphTooltip": 1,  # one crosshair over all panels
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [_build_source(), *map(_build_variable, board.variables)]},
        "annotations": {"list": []},
        "links": [],
        "panels": list(_place(board)),
    }


def _build_source() -> Json:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
        "refresh": 1,
        "multi": False,
        "includeAll": False,
    }


def _build_variable(variable: Variable) -> Json:
    return {
        "name": variable.name,
        "label": variable.label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": variable.query, "refId": variable.name},
        "refresh": 2,  # when the time range changes: what has gone can still be looked at
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".+",  # a series without the label is another part's
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _place(board: Board) -> Iterator[Json]:
    """Panels from left to right, line by line, under the heading of their row."""
    number, top = 0, 0
    for row in board.rows:
        number += 1
        place = {"h": 1, "w": FULL, "x": 0, "y": top}
        yield {"id": number, "type": "row", "title": row.title, "gridPos": place, "panels": []}
        left, line, top = 0, 0, top + 1
        for panel in row.panels:
            if left + panel.width > FULL:
                left, line, top = 0, 0, top + line
            number += 1
            height = _HEIGHTS[panel.kind]
            place = {"h": height, "w": panel.width, "x": left, "y": top}
            yield {"id": number, "gridPos": place, **_build_panel(board, panel)}
            left, line = left + panel.width, max(line, height)
        top += line


def _build_panel(board: Board, panel: Panel) -> Json:
    body: Json = {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, **_build_look(panel)}, "overrides": []},
        "options": _build_options(panel.kind),
        "targets": [
            _build_target(panel, letter, legend, board.fill(query))
            for letter, (legend, query) in zip(ascii_uppercase, panel.queries.items(), strict=False)
        ],
    }
    if panel.kind is Kind.TABLE:
        shown = {"include": {"names": list(panel.columns)}}
        body["transformations"] = [{"id": "filterFieldsByName", "options": shown}]
    return body


def _build_target(panel: Panel, letter: str, legend: str, query: str) -> Json:
    is_table = panel.kind is Kind.TABLE
    return {
        "refId": letter,
        "datasource": _SOURCE,
        "editorMode": "code",
        "expr": query,
        "legendFormat": legend,
        "range": not is_table,
        "instant": is_table,
        "format": "table" if is_table else "time_series",
    }


def _build_look(panel: Panel) -> Json:
    if panel.kind is Kind.GRAPH:
        stacking = {"mode": "normal" if panel.is_stacked else "none", "group": "A"}
        drawn = {"lineWidth": 1, "fillOpacity": 10, "showPoints": "never", "stacking": stacking}
        return {"min": 0, "custom": drawn}
    if panel.kind is Kind.FIGURE:
        steps: list[Json] = [{"color": "green", "value": None}]
        if panel.alarm is not None:
            steps.append({"color": "red", "value": panel.alarm})
        return {"thresholds": {"mode": "absolute", "steps": steps}}
    return {}


def _build_options(kind: Kind) -> Json:
    if kind is Kind.GRAPH:
        return {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        }
    if kind is Kind.FIGURE:
        newest = {"calcs": ["lastNotNull"], "fields": "", "values": False}
        return {"reduceOptions": newest, "colorMode": "value", "graphMode": "area"}
    return {"showHeader": True}

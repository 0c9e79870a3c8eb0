"""charts/gpu-embedding/README.md: its prose, then a table of every value."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chart.tree import Node, list_keys, list_nodes, summarise
from chart.values import ChartValues

_PROSE = Path(__file__).with_name("readme.md")
_LONGEST = 60
"""Characters of a default that are shown."""


def render_readme() -> str:
    """The whole text of README.md."""
    return _PROSE.read_text(encoding="utf-8").replace("@VALUES@\n", "\n".join(_render_tables()))


def _render_tables() -> Iterator[str]:
    alone = [node for node in list_keys(ChartValues()) if not node.is_section]
    yield from _render_table("At the top", "", alone)
    for section in list_keys(ChartValues()):
        if section.is_section:
            nodes = list_nodes(section.value, section.path)
            leaves = [node for node in nodes if not node.is_section]
            yield from _render_table(f"`{section.path[0]}`", summarise(type(section.value)), leaves)


def _render_table(title: str, meaning: str, nodes: list[Node]) -> Iterator[str]:
    yield f"### {title}\n"
    if meaning:
        yield f"{meaning}\n"
    yield "| value | default | meaning |"
    yield "|---|---|---|"
    yield from map(_render_row, nodes)
    yield ""


def _render_row(node: Node) -> str:
    meaning = node.meaning.replace("|", "\\|")
    if node.item is not None:
        names = (field.alias or name for name, field in node.item.model_fields.items())
        meaning += f" Each has {', '.join(f'`{name}`' for name in names)}."
    return f"| `{'.'.join(node.path)}` | {_render_default(node.value)} | {meaning} |"


def _render_default(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= _LONGEST else "see values.yaml"

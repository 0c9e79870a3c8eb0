"""charts/gpu-embedding/values.yaml: every key with what it means above it."""

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml

from chart.shape import Values
from chart.tree import Node, list_keys, summarise
from chart.values import ChartValues

_WIDTH = 100
_HEAD = """\
# Values of the chart gpu-embedding. Written by `make generate` from scripts/chart/.
# `helm install` checks them against values.schema.json: a key that is not here is refused.
"""


def render_values() -> str:
    """The whole text of values.yaml."""
    blocks = ("\n" + "".join(_render(node, 0)) for node in list_keys(ChartValues()))
    return _HEAD + "".join(blocks)


def _render(node: Node, depth: int) -> Iterator[str]:
    indent = "  " * depth
    yield from (f"{indent}# {line}\n" for line in _wrap(_explain(node, depth), depth))
    name = node.path[-1]
    if node.is_section:
        yield f"{indent}{name}:\n"
        for inner in list_keys(node.value, node.path):
            yield from _render(inner, depth + 1)
    else:
        yield textwrap.indent(_dump({name: node.value}), indent)


def _explain(node: Node, depth: int) -> str:
    if depth == 0 and isinstance(node.value, Values):
        return summarise(type(node.value))
    if node.item is None:
        return node.meaning
    keys = ", ".join(field.alias or name for name, field in node.item.model_fields.items())
    return f"{node.meaning} Each has: {keys}."


def _wrap(text: str, depth: int) -> list[str]:
    return textwrap.wrap(text, _WIDTH - 2 - 2 * depth, break_long_words=False)


class _Dumper(yaml.SafeDumper):
    """Quotes as people do."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Double quotes where plain text would be something else."""
        plain = yaml.safe_load(text) if text else None
        style = None if plain == text else '"'
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def _dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, width=_WIDTH, allow_unicode=True)

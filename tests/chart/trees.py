"""Values by their paths with dots, as the tree that a chart takes."""

from collections.abc import Mapping
from typing import Any


def build(given: Mapping[str, Any]) -> dict[str, Any]:
    """One tree of all paths."""
    tree: dict[str, Any] = {}
    for path, value in given.items():
        _merge(tree, nest(path, value))
    return tree


def nest(path: str, value: Any) -> dict[str, Any]:
    """A tree with one value."""
    for key in reversed(path.split(".")):
        value = {key: value}
    made: dict[str, Any] = value
    return made


def _merge(tree: dict[str, Any], other: Mapping[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(tree.get(key), dict):
            _merge(tree[key], value)
        else:
            tree[key] = value

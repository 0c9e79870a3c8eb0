"""The values as a tree: sections, and leaves with their defaults."""

from collections.abc import Iterator
from dataclasses import dataclass
from inspect import isclass
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from chart.shape import Values

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One key of values.yaml."""

    path: Path
    value: Any
    """A `Values` where it is a section; else the default, as JSON has it."""
    meaning: str
    field: FieldInfo

    @property
    def is_section(self) -> bool:
        """Whether other keys are below it."""
        return isinstance(self.value, Values)

    @property
    def item(self) -> type[Values] | None:
        """What each entry of a list or map is, where that is ours."""
        return None if self.is_section else next(_find_models(self.field.annotation), None)


def list_keys(values: Values, above: Path = ()) -> Iterator[Node]:
    """The keys of one level: its own first, then those that it shares with others."""
    fields = type(values).model_fields
    for name in dict.fromkeys((*type(values).__annotations__, *fields)):
        field = fields[name]
        value = getattr(values, name)
        if not isinstance(value, Values):
            value = TypeAdapter(Any).dump_python(value, mode="json", by_alias=True)
        meaning = " ".join((field.description or "").split())
        yield Node((*above, field.alias or name), value, meaning, field)


def list_nodes(values: Values, above: Path = ()) -> Iterator[Node]:
    """All keys, each section before what is in it."""
    for node in list_keys(values, above):
        yield node
        if node.is_section:
            yield from list_nodes(node.value, node.path)


def list_sections(values: Values) -> set[str]:
    """Names of the models that are sections, of which every key is there."""
    return {type(values).__name__} | {
        type(node.value).__name__ for node in list_nodes(values) if node.is_section
    }


def summarise(model: type[BaseModel]) -> str:
    """Its docstring on one line."""
    return " ".join((model.__doc__ or "").split())


def _find_models(annotation: Any) -> Iterator[type[Values]]:
    if isclass(annotation) and issubclass(annotation, Values):
        yield annotation
    for each in get_args(annotation):
        yield from _find_models(each)

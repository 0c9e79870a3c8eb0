"""The schemas of our kinds, field by field."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from embedding_operator.names import GROUP, Kind
from embedding_operator.resources.definitions import build_definitions

ITEM = "[]"
VALUE = "{}"


@dataclass(frozen=True, slots=True)
class Node:
    """A field, an entry of a list (`[]`) or a value of a map (`{}`)."""

    path: tuple[str, ...]
    schema: Mapping[str, Any]

    def __str__(self) -> str:
        return ".".join(self.path)

    @property
    def is_field(self) -> bool:
        """Whether it has a name, and so a line in `kubectl explain`."""
        return self.path[-1] not in {ITEM, VALUE}


def schema_of(kind: Kind) -> Mapping[str, Any]:
    """The whole schema of a kind."""
    (definition,) = (
        each for each in build_definitions() if each["metadata"]["name"] == f"{kind.plural}.{GROUP}"
    )
    (version,) = definition["spec"]["versions"]
    found: Mapping[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def walk(kind: Kind, *roots: str) -> Iterator[Node]:
    """Every node of `spec`, of `status`, or of what else is named."""
    properties = schema_of(kind)["properties"]
    for root in roots:
        yield from _walk(Node((root,), properties[root]))


def _walk(node: Node) -> Iterator[Node]:
    yield node
    below = dict(node.schema.get("properties", {}))
    if "items" in node.schema:
        below[ITEM] = node.schema["items"]
    if "additionalProperties" in node.schema:
        below[VALUE] = node.schema["additionalProperties"]
    for name, schema in below.items():
        yield from _walk(Node((*node.path, name), schema))


def messages(kind: Kind) -> Iterator[str]:
    """What each rule of a kind says when it is broken."""
    nodes = [Node((), schema_of(kind)), *walk(kind, "spec", "status")]
    for node in nodes:
        for rule in node.schema.get("x-kubernetes-validations", ()):
            yield rule["message"]

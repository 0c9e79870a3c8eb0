"""A filter as a tree, and when it holds for one document.

A missing field satisfies no comparison, `not` is a plain complement, and a comparison holds for a
field of keywords when it holds for one of them.
"""

import operator as operators
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from typing import Final, TypeAlias

from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.filters.metadata import read_fields
from embedding_service.indexes.filters.values import Scalar, Values


class Operator(StrEnum):
    """How a field's value is compared."""

    EQ = "eq"
    IN = "in"
    PREFIX = "prefix"
    EXISTS = "exists"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field, one operator."""

    field: str
    kind: FieldType
    operator: Operator
    operands: Values
    """One value of the field's type; of `in` any number, sorted; of `exists` one bool."""


@dataclass(frozen=True, slots=True)
class And:
    """Holds when all parts do."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Holds when one part does."""

    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Holds when its part does not."""

    part: "Node"


Node: TypeAlias = Comparison | And | Or | Not


@dataclass(frozen=True)
class Filter:
    """A tree, checked against the fields of one index."""

    root: Node
    fields: Mapping[str, FieldType] = field(init=False, repr=False, compare=False)
    """Those it names."""

    def __post_init__(self) -> None:
        named = {each.field: each.kind for each in _comparisons(self.root)}
        object.__setattr__(self, "fields", named)

    @cached_property
    def digest(self) -> str:
        """Hex sha256 of the tree: the same in every process, for equal trees alone."""
        return sha256(repr(self.root).encode()).hexdigest()

    def matches(self, metadata: bytes | None) -> bool:
        """Whether it holds for a document with this metadata (a JSON object, as in the record)."""
        return _holds(self.root, read_fields(metadata, self.fields))


def _comparisons(node: Node) -> Iterator[Comparison]:
    match node:
        case Comparison():
            yield node
        case Not(part):
            yield from _comparisons(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from _comparisons(part)


def _holds(node: Node, document: Mapping[str, Values]) -> bool:
    match node:
        case And(parts):
            return all(_holds(part, document) for part in parts)
        case Or(parts):
            return any(_holds(part, document) for part in parts)
        case Not(part):
            return not _holds(part, document)
        case Comparison(name, _, Operator.EXISTS, operands):
            return bool(document[name]) == operands[0]
        case Comparison(name, _, operator, operands):
            return any(_compares(operator, value, operands) for value in document[name])


def _compares(operator: Operator, value: Scalar, operands: Values) -> bool:
    if operator is Operator.IN:
        place = bisect_left(operands, value)
        return place < len(operands) and operands[place] == value
    (operand,) = operands
    return _COMPARISONS[operator](value, operand)


_COMPARISONS: Final[Mapping[Operator, Callable[[Scalar, Scalar], bool]]] = {
    Operator.EQ: operators.eq,
    Operator.PREFIX: lambda value, operand: str(value).startswith(str(operand)),
    Operator.GT: operators.gt,
    Operator.GTE: operators.ge,
    Operator.LT: operators.lt,
    Operator.LTE: operators.le,
}

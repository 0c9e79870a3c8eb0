"""JSON to a filter, saying where it is none.

{"lang": "de"}                                  equality
{"year": {"gte": 1990, "lt": 2000}}             several operators: all of them
{"lang": {"in": ["de", "fr"]}, "draft": false}  several keys: all of them
{"and": [...]}  {"or": [...]}  {"not": {...}}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.errors import BadFilter
from embedding_service.indexes.filters.tree import And, Comparison, Filter, Node, Not, Operator, Or
from embedding_service.indexes.filters.values import Scalar, Values, WrongValue, parse_scalar

DEEPEST: Final = 16
MOST_NODES: Final = 1_000
MOST_OPERANDS: Final = 10_000

_EVERY: Final = frozenset({Operator.EQ, Operator.IN, Operator.EXISTS})
_TEXT: Final = _EVERY | {Operator.PREFIX}
_RANGE: Final = _EVERY | {Operator.GT, Operator.GTE, Operator.LT, Operator.LTE}
_OPERATORS: Final[Mapping[FieldType, frozenset[Operator]]] = {
    FieldType.KEYWORD: _TEXT,
    FieldType.KEYWORDS: _TEXT,
    FieldType.INT: _RANGE,
    FieldType.FLOAT: _RANGE,
    FieldType.BOOL: _EVERY,
    FieldType.DATETIME: _RANGE,
}


def parse_filter(value: object, fields: Mapping[str, FieldType], where: str = "filter") -> Filter:
    """A filter over `fields` from its JSON. Raises BadFilter, which says where and why.

    At most 16 deep, 1,000 nodes, 10,000 values of one `in`.
    """
    return Filter(_Reading(fields).parse(value, where, 1))


@dataclass(slots=True)
class _Reading:
    """The reading of one filter, and how much of it there was so far."""

    fields: Mapping[str, FieldType]
    nodes: int = 0

    def parse(self, value: object, where: str, depth: int) -> Node:
        """One object: all of its keys."""
        if depth > DEEPEST:
            raise BadFilter(where, f"is nested more than {DEEPEST} deep")
        if not isinstance(value, dict):
            raise BadFilter(where, "must be an object")
        if not value:
            raise BadFilter(where, "is empty; leave it out to have every document")
        parts: list[Node] = []
        for key, each in value.items():
            self._count(where)
            match key:
                case "and" | "or":
                    parts.append(self._parse_list(key, each, f"{where}.{key}", depth))
                case "not":
                    parts.append(Not(self.parse(each, f"{where}.not", depth + 1)))
                case _:
                    parts.extend(self._parse_field(key, each, where))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _count(self, where: str) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES:
            raise BadFilter(where, f"is one of more than {MOST_NODES:,} conditions")

    def _parse_list(self, key: str, value: object, where: str, depth: int) -> Node:
        if not isinstance(value, list) or not value:
            raise BadFilter(where, "must be a list of conditions, at least one")
        parts = tuple(
            self.parse(each, f"{where}[{position}]", depth + 1)
            for position, each in enumerate(value)
        )
        return And(parts) if key == "and" else Or(parts)

    def _parse_field(self, name: str, value: object, where: str) -> list[Node]:
        """The comparisons of one field, at least one."""
        kind = self.fields.get(name)
        if kind is None:
            declared = ", ".join(sorted(self.fields)) or "none"
            # Not the name as it came: it may be anything, of any length.
            named = repr(name[:64]).encode("ascii", "backslashreplace").decode()
            raise BadFilter(
                where, f"names {named}, which is no declared field; there are: {declared}"
            )
        where = f"{where}.{name}"
        if not isinstance(value, dict):
            return [Comparison(name, kind, Operator.EQ, (_parse_operand(value, kind, where),))]
        if not value:
            raise BadFilter(where, "has no operator")
        comparisons: list[Node] = []
        for key, operand in value.items():
            self._count(where)
            operator = _parse_operator(key, kind, where)
            operands = _parse_operands(operand, kind, operator, f"{where}.{operator}")
            comparisons.append(Comparison(name, kind, operator, operands))
        return comparisons


def _parse_operator(key: str, kind: FieldType, where: str) -> Operator:
    allowed = [operator for operator in Operator if operator in _OPERATORS[kind]]
    if key not in allowed:
        raise BadFilter(
            where, f"is of type {kind}, which is compared by one of: {', '.join(allowed)}"
        )
    return Operator(key)


def _parse_operands(value: object, kind: FieldType, operator: Operator, where: str) -> Values:
    if operator is Operator.EXISTS:
        return (_parse_operand(value, FieldType.BOOL, where),)
    if operator is not Operator.IN:
        return (_parse_operand(value, kind, where),)
    if not isinstance(value, list):
        raise BadFilter(where, "must be a list")
    if len(value) > MOST_OPERANDS:
        raise BadFilter(where, f"has {len(value):,} values; the most is {MOST_OPERANDS:,}")
    operands = {
        _parse_operand(each, kind, f"{where}[{position}]") for position, each in enumerate(value)
    }
    # In one order and once each: the same question has the same digest.
    return tuple(sorted(operands))


def _parse_operand(value: object, kind: FieldType, where: str) -> Scalar:
    if value is None:
        raise BadFilter(where, 'must not be null; {"exists": false} finds what is missing')
    try:
        return parse_scalar(value, kind)
    except WrongValue as fault:
        raise BadFilter(where, str(fault)) from None

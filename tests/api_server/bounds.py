"""Every bound of a schema, each with a spec that lies just outside of it, and just inside."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final

from embedding_operator.names import Kind
from schemas import ITEM, VALUE, Node, walk

WRONG: Final = "///"
"""What no pattern of ours takes."""


@dataclass(frozen=True, slots=True)
class Bound:
    """`keyword` of the schema at `node`, which `sample` keeps."""

    node: Node
    keyword: str
    limit: Any
    sample: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.node}-{self.keyword}"

    @property
    def told(self) -> tuple[str, str]:
        """Where, and what, a person is told who breaks it."""
        place = ".".join(map(str, self._keys)).replace(".0", "[0]")
        if self.keyword == "required":
            place += f".{self.limit}"
        elif self.keyword == "x-kubernetes-list-type":
            place += "[1]"
        return place, PHRASES[self.keyword]

    @property
    def _keys(self) -> Sequence[str | int]:
        """The path in the sample: the first entry of each list and map stands for all."""
        keys: list[str | int] = ["spec"]
        found: Any = self.sample
        for name in self.node.path[1:]:
            key = 0 if name == ITEM else next(iter(found)) if name == VALUE else name
            keys.append(key)
            found = found[key]
        return keys

    def outside(self) -> Mapping[str, Any]:
        """A spec that breaks this bound alone."""
        return self._with(OUTSIDE[self.keyword](self._value, self.limit, self.node.schema))

    def inside(self) -> Mapping[str, Any] | None:
        """A spec at this bound's edge; None where the sample itself must do."""
        if self.keyword not in INSIDE:
            return None
        return self._with(INSIDE[self.keyword](self._value, self.limit, self.node.schema))

    @property
    def _value(self) -> Any:
        found: Any = {"spec": self.sample}
        for key in self._keys:
            found = found[key]
        return found

    def _with(self, value: object) -> Mapping[str, Any]:
        whole: dict[str, Any] = {"spec": deepcopy(self.sample)}
        *way, last = self._keys
        found: Any = whole
        for key in way:
            found = found[key]
        found[last] = value
        made: Mapping[str, Any] = whole["spec"]
        return made


def list_bounds(kind: Kind, *samples: Mapping[str, Any]) -> Iterator[Bound]:
    """Every bound of `spec`. Raises StopIteration where no sample has the field."""
    for node in walk(kind, "spec"):
        sample = next(each for each in samples if _has(each, node.path[1:]))
        for keyword, limit in _list_keywords(node.schema):
            yield Bound(node, keyword, limit, sample)


def _list_keywords(schema: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for keyword, limit in schema.items():
        if keyword == "required":
            yield from ((keyword, name) for name in limit)
        elif keyword in PHRASES:
            yield keyword, limit


def _has(value: Any, path: Sequence[str]) -> bool:
    if not path:
        return True
    name, *rest = path
    if name in {ITEM, VALUE}:
        below = list(value.values()) if isinstance(value, dict) else value
        return bool(below) and _has(below[0], rest)
    return name in value and _has(value[name], rest)


def _repeat(value: list[Any], count: int, schema: Mapping[str, Any]) -> list[Any]:
    """`count` entries that differ where they must."""
    match schema.get("x-kubernetes-list-type"):
        case "map":
            (key,) = schema["x-kubernetes-list-map-keys"]
            return [{**value[0], key: f"{value[0][key]}{n}"} for n in range(count)]
        case "set":
            return [f"{value[0]}{n}" for n in range(count)]
        case _:
            return [value[0]] * count


Change = Callable[[Any, Any, Mapping[str, Any]], Any]

PHRASES: Final = {
    "minimum": "should be greater than or equal to",
    "maximum": "should be less than or equal to",
    "minLength": "chars long",
    "maxLength": "may not be more than",
    "pattern": "should match",
    "enum": "Unsupported value",
    "maxItems": "must have at most",
    "maxProperties": "must have at most",
    "required": "Required value",
    "x-kubernetes-list-type": "Duplicate value",
}
OUTSIDE: Final[Mapping[str, Change]] = {
    "minimum": lambda _, limit, __: limit - 1,
    "maximum": lambda _, limit, __: limit + 1,
    "minLength": lambda value, limit, _: value[: limit - 1],
    "maxLength": lambda value, limit, _: value + value[-1] * limit,
    "pattern": lambda *_: WRONG,
    "enum": lambda *_: "Nonsense",
    "maxItems": lambda value, limit, schema: _repeat(value, limit + 1, schema),
    "maxProperties": lambda value, limit, _: dict.fromkeys(
        (f"k{n}" for n in range(limit + 1)), next(iter(value.values()))
    ),
    "required": lambda value, limit, _: {k: v for k, v in value.items() if k != limit},
    "x-kubernetes-list-type": lambda value, *_: [value[0], value[0]],
}
INSIDE: Final[Mapping[str, Change]] = {
    "minimum": lambda _, limit, __: limit,
    "maximum": lambda _, limit, __: limit,
    "maxItems": _repeat,
    "maxProperties": lambda value, limit, _: dict.fromkeys(
        (f"k{n}" for n in range(limit)), next(iter(value.values()))
    ),
}

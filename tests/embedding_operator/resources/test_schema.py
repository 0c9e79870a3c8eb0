"""A typed model becomes a structural schema, as Kubernetes wants it."""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from embedding_operator.resources.schema import build_schema
from embedding_operator.resources.shape import Quantity, Shape, keyed_by, validated
from schemas import schema_of


class Colour(StrEnum):
    """What it looks like."""

    RED = "Red"
    BLUE = "Blue"


class Leaf(Shape):
    """A leaf."""

    long_name: str
    """Its
    name."""


class Tree(Shape):
    """A tree."""

    colour: Colour = Colour.RED
    """Its colour."""
    leaf: Leaf
    """The one that counts."""
    other: Leaf | None = None
    """Another."""
    leaves: Annotated[list[Leaf], Field(max_length=3, json_schema_extra=keyed_by("longName"))]
    """All."""
    by_name: Annotated[dict[str, Leaf], Field(max_length=4)] | None = None
    """The same."""
    height: Annotated[int, Field(ge=1)] | None = None
    """Metres."""
    amount: Quantity | None = None
    """Water."""
    only: Literal["This"] = "This"
    """Nothing else."""


TREE = build_schema(Tree)


def field(name: str) -> dict[str, Any]:
    found: dict[str, Any] = TREE["properties"][name]
    return found


LEAF = {
    "type": "object",
    "properties": {"longName": {"type": "string", "description": "Its name."}},
    "required": ["longName"],
}


def test_names_are_in_camel_case() -> None:
    assert set(TREE["properties"]) == {
        *("colour", "leaf", "other", "leaves", "byName", "height", "amount", "only"),
    }
    assert TREE["required"] == ["leaf", "leaves"]


def test_what_is_referred_to_stands_where_it_is_used() -> None:
    assert field("leaf") == {**LEAF, "description": "The one that counts."}


def test_what_may_be_left_out_is_not_nullable_and_has_no_default() -> None:
    assert field("other") == {**LEAF, "description": "Another."}
    assert field("height") == {
        "type": "integer",
        "format": "int64",
        "minimum": 1,
        "description": "Metres.",
    }


def test_a_list_keeps_its_bound_and_its_key() -> None:
    leaves = field("leaves")
    assert leaves.pop("items") == {**LEAF, "description": "A leaf."}
    assert leaves == {
        "type": "array",
        "maxItems": 3,
        "description": "All.",
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["longName"],
    }


def test_a_map_keeps_its_bound_and_its_values() -> None:
    assert field("byName") == {
        "type": "object",
        "maxProperties": 4,
        "description": "The same.",
        "additionalProperties": {**LEAF, "description": "A leaf."},
    }


def test_an_enumeration_keeps_its_default_and_the_words_of_its_field() -> None:
    assert field("colour") == {
        "type": "string",
        "enum": ["Red", "Blue"],
        "default": "Red",
        "description": "Its colour.",
    }


def test_one_value_alone_is_an_enumeration_of_one() -> None:
    assert (field("only")["enum"], field("only")["default"]) == (["This"], "This")


def test_an_amount_may_be_a_number_or_a_text() -> None:
    amount = field("amount")
    assert amount["x-kubernetes-int-or-string"] is True
    assert not amount.keys() & {"type", "anyOf", "default"}


def test_a_choice_between_two_kinds_of_objects_has_no_structural_schema() -> None:
    class Torn(Shape):
        """Either."""

        one: Leaf | Tree

    with pytest.raises(ValueError, match="too many values"):
        build_schema(Torn)


def test_rules_stay_with_what_they_are_about() -> None:
    class Ruled(Shape):
        """Ruled."""

        size: Annotated[int, Field(json_schema_extra=validated(("self > 1", "more")))]
        """Size."""

    size = build_schema(Ruled)["properties"]["size"]
    assert size["x-kubernetes-validations"] == [{"rule": "self > 1", "message": "more"}]


@pytest.mark.parametrize("kind", [INDEXES, SNAPSHOTS], ids=lambda kind: kind.kind)
def test_nothing_is_left_of_what_kubernetes_does_not_take(kind: Kind) -> None:
    forbidden = {
        *("$ref", "$defs", "title", "anyOf", "oneOf", "allOf", "nullable", "const", "examples"),
        *("exclusiveMinimum", "exclusiveMaximum", "uniqueItems"),
    }
    assert {key for key in list_keywords(schema_of(kind)) if key in forbidden} == set()


def list_keywords(schema: Any) -> Iterator[str]:
    """Keywords at any depth, but not names of fields."""
    for keyword, value in schema.items():
        yield keyword
        if keyword == "properties":
            for below in value.values():
                yield from list_keywords(below)
        elif keyword in {"items", "additionalProperties"}:
            yield from list_keywords(value)

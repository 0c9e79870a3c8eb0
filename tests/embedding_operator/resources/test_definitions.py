"""What must hold of every field of our kinds."""

import re
from collections import Counter

import pytest

from embedding_operator.names import INDEXES, SNAPSHOTS, Kind
from embedding_operator.resources.definition_files import render_definition
from schemas import Node, messages, walk

KINDS = (INDEXES, SNAPSHOTS)
BOTH = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
ALL = [node for kind in KINDS for node in walk(kind, "spec", "status")]
SPECS = [node for kind in KINDS for node in walk(kind, "spec")]

OPEN = {
    "spec.podTemplate.affinity",
    "spec.podTemplate.topologySpreadConstraints.[]",
}
"""Copied into pods, whose own schema bounds them when the operator writes them: to say it here
would be a third of the definition, and would refuse what a newer Kubernetes knows."""


def test_every_field_is_described() -> None:
    bare = [str(node) for node in ALL if node.is_field and not node.schema.get("description")]
    assert bare == []


def test_every_description_is_a_sentence() -> None:
    texts = {str(node): node.schema["description"] for node in ALL if node.is_field}
    assert [path for path, text in texts.items() if not text.endswith(".")] == []


def test_every_default_is_told() -> None:
    silent = [
        str(node)
        for node in SPECS
        if "default" in node.schema and "default" not in node.schema["description"]
    ]
    assert silent == []


def test_every_list_is_bounded() -> None:
    assert [
        str(node) for node in ALL if kind_of(node) == "array" and not has(node, "maxItems")
    ] == []


def test_every_map_is_bounded() -> None:
    maps = [node for node in ALL if has(node, "additionalProperties")]
    assert [str(node) for node in maps if not has(node, "maxProperties")] == []


def test_every_text_of_a_spec_is_bounded() -> None:
    texts = [
        node
        for node in SPECS
        if kind_of(node) == "string" or has(node, "x-kubernetes-int-or-string")
    ]
    assert [str(node) for node in texts if not (has(node, "maxLength") or has(node, "enum"))] == []


def test_every_number_of_a_spec_is_bounded() -> None:
    numbers = [node for node in SPECS if kind_of(node) in {"integer", "number"}]
    assert [str(n) for n in numbers if not (has(n, "minimum") and has(n, "maximum"))] == []


def test_every_object_says_which_fields_it_has_but_those_of_pods() -> None:
    closed = {"properties", "additionalProperties"}
    shapeless = {
        str(node) for node in ALL if kind_of(node) == "object" and not closed & node.schema.keys()
    }
    assert shapeless == OPEN
    assert {str(n) for n in ALL if has(n, "x-kubernetes-preserve-unknown-fields")} == OPEN


@BOTH
def test_every_rule_says_something_of_its_own(kind: Kind) -> None:
    said = Counter(messages(kind))
    twice = {message for message, times in said.items() if times > 1}
    assert {message for message in said if len(message.split()) < 4} == set()
    # Labels of pods, annotations of pods, annotations of an Ingress: three maps, one rule.
    assert all(message.startswith("names under gpu-embedding.io/") for message in twice)


@BOTH
def test_a_definition_says_where_it_comes_from(kind: Kind) -> None:
    assert re.match(r"# Made from .* by `make generate`; do not edit\.\n", render_definition(kind))


def kind_of(node: Node) -> object:
    return node.schema.get("type")


def has(node: Node, keyword: str) -> bool:
    return keyword in node.schema

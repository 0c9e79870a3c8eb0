"""What is alike is kept once, and nothing is changed by it."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from embedding_operator.observe.sharing import share

SCALARS = st.none() | st.booleans() | st.integers(-2, 2) | st.floats(0, 1) | st.sampled_from("ab")
NAMES = st.sampled_from(["name", "spec", "labels"])
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner), max_leaves=8
)


def parse(value: Any) -> Any:
    """Another object that says the same."""
    return json.loads(json.dumps(value))


@given(value=VALUES, like=VALUES)
def test_what_is_shared_says_what_it_said(value: Any, like: Any) -> None:
    told = json.dumps(value)
    assert json.dumps(share(value, like)) == told


@given(value=VALUES)
def test_what_is_the_same_is_kept_once(value: Any) -> None:
    like = parse(value)
    assert share(value, like) is like


def test_parts_that_are_the_same_are_kept_once() -> None:
    like = {"spec": {"ports": [{"port": 8001}], "type": "ClusterIP"}, "name": "a"}
    shared = share(parse({**like, "name": "b"}), like)
    assert shared["name"] == "b"
    assert shared["spec"] is like["spec"]


def test_an_entry_that_differs_leaves_the_others_shared() -> None:
    like = [{"name": "x" * 20}, {"name": "y" * 20}]
    shared = share(parse([like[0], {"name": "z" * 20}]), like)
    assert shared[0] is like[0]
    assert shared[1] == {"name": "z" * 20}


def test_neither_of_the_two_is_written_to() -> None:
    value, like = {"a": [1, {"b": "c"}]}, {"a": [1, {"b": "d"}]}
    share(value, like)
    assert (value, like) == ({"a": [1, {"b": "c"}]}, {"a": [1, {"b": "d"}]})

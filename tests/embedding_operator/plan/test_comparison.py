"""What we say counts; what the API server fills in, and what others add, does not."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_operator.plan.comparison import digest, is_within, project, read_quantity

NAMES = st.sampled_from(["name", "uid", "key", "path", "port", "pathType", "effect", "spec"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "1", "1000m"])
VALUES = st.recursive(
    SCALARS, lambda each: st.lists(each, max_size=3) | st.dictionaries(NAMES, each, max_size=3)
)
MANIFESTS = st.dictionaries(NAMES, VALUES, max_size=4)


@settings(deadline=None)
@given(value=VALUES)
def test_what_there_is_is_as_it_is_to_be(value: Any) -> None:
    assert is_within(value, value)


@settings(deadline=None)
@given(wanted=MANIFESTS, live=MANIFESTS)
def test_a_projection_of_a_projection_is_the_same(wanted: Any, live: Any) -> None:
    once = project(wanted, live)
    assert project(wanted, once) == once


@settings(deadline=None)
@given(wanted=MANIFESTS, live=MANIFESTS)
def test_a_projection_says_as_much_as_what_it_is_of(wanted: Any, live: Any) -> None:
    assert is_within(wanted, project(wanted, live)) == is_within(wanted, live)


@settings(deadline=None)
@given(value=MANIFESTS, more=MANIFESTS)
def test_fields_that_others_add_do_not_count(value: Any, more: Any) -> None:
    assert is_within(value, {**more, **value})


def test_a_field_that_is_missing_counts() -> None:
    assert not is_within({"a": {"b": 1}}, {"a": {}})
    assert not is_within({"a": {"b": 1}}, {})


@pytest.mark.parametrize("empty", ["", [], {}])
def test_what_is_empty_may_be_left_away(empty: Any) -> None:
    assert is_within({"tolerations": empty}, {})
    assert is_within({"tolerations": empty}, {"tolerations": None})


def test_an_injected_container_does_not_count() -> None:
    ours = {"name": "server", "image": "index:1"}
    assert is_within([ours], [{"name": "sidecar", "image": "proxy:1"}, ours])
    assert not is_within([ours], [{"name": "sidecar", "image": "index:1"}])


def test_the_order_of_variables_does_not_count() -> None:
    a, b = {"name": "A", "value": "1"}, {"name": "B", "value": "2"}
    assert is_within([a, b], [b, a])
    assert not is_within([a, b], [a, {"name": "B", "value": "3"}])


def test_the_order_of_arguments_does() -> None:
    assert not is_within(["serve", "fast"], ["fast", "serve"])


@pytest.mark.parametrize(
    ("ours", "more"),
    [
        (["serve"], "--insecure"),
        ([{"ports": [{"port": 8001}]}], {"from": [{"podSelector": {}}]}),
        ([{"port": 8001, "protocol": "TCP"}], {"port": 8002, "protocol": "TCP"}),
        ([{"path": "/a", "pathType": "Exact"}], {"path": "/", "pathType": "Prefix"}),
        ([], {"key": "lost", "operator": "Exists"}),
    ],
)
def test_an_entry_more_counts_in_a_list_that_is_one_value(ours: list[Any], more: Any) -> None:
    assert not is_within(ours, [*ours, more])
    assert project(ours, [*ours, more]) == [*ours, more]


def test_two_tolerations_of_one_key_are_two() -> None:
    first = {"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}
    second = {**first, "effect": "NoExecute"}
    assert is_within([first, second], [second, first])
    assert not is_within([first, second], [first])


def test_two_paths_that_differ_in_their_type_are_two() -> None:
    exact, prefix = {"path": "/a", "pathType": "Exact"}, {"path": "/a", "pathType": "Prefix"}
    assert is_within([exact, prefix], [prefix, exact])
    assert not is_within([exact, exact], [exact, prefix])


@pytest.mark.parametrize(
    ("one", "other"),
    [("1000m", "1"), (1, "1"), ("1Gi", "1024Mi"), ("0.5", "500m"), ("1k", "1000"), ("2.", "2")],
)
def test_one_quantity_may_be_written_in_two_ways(one: Any, other: Any) -> None:
    assert is_within({"cpu": one}, {"cpu": other})
    assert is_within({"cpu": other}, {"cpu": one})


@pytest.mark.parametrize(("one", "other"), [("1G", "1Gi"), ("1", "1m"), (True, 1.5), ("²", "2")])
def test_other_quantities_are_others(one: Any, other: Any) -> None:
    assert not is_within({"cpu": one}, {"cpu": other})


def test_quantities_are_read_as_kubernetes_does() -> None:
    assert read_quantity("1.5Ki") == Decimal(1536)
    assert read_quantity("250m") == Decimal("0.25")
    assert read_quantity(3) == Decimal(3)
    assert [read_quantity(each) for each in (None, True, "", "Gi", "1.2.3", "-1", 1.5)] == [
        None
    ] * 7


@settings(deadline=None)
@given(value=MANIFESTS)
def test_a_digest_does_not_depend_on_the_order_of_keys(value: dict[str, Any]) -> None:
    turned = dict(reversed(json.loads(json.dumps(value)).items()))
    assert digest(turned) == digest(value)
    assert digest({**value, "more": 1}) != digest(value)

"""The newest settings of an engine have the highest number, and nothing else changes it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_indexes import SHARED
from embedding_operator.names import DEPLOYMENTS
from plan_passes import World, is_still

HNSW: dict[str, Any] = {"engine": {"type": "HNSW", "hnsw": {"m": 16}}}
ENGINES: list[dict[str, Any]] = [
    {},
    HNSW,
    {"engine": {"type": "HNSW", "hnsw": {"m": 48}}},
    {"engine": {"type": "IVF", "ivf": {"nlist": 64}, "recall": 0.9}},
    {"engine": {"exactRows": 9_000}},
]


def settings_of(world: World) -> dict[str, str]:
    """What pods are told of the engine, but for its number."""
    (container,) = world.live[DEPLOYMENTS, "docs"]["spec"]["template"]["spec"]["containers"]
    told = {each["name"]: each["value"] for each in container["env"]}
    names = ("INDEX_ENGINE", "INDEX_EXACT", "INDEX_HNSW", "INDEX_IVF", "INDEX_RECALL")
    return {name: value for name, value in told.items() if name.startswith(names)}


def number_of(world: World) -> int:
    return int(settings_of(world)["INDEX_ENGINE_REVISION"])


def a_world(spec: dict[str, Any], generation: int = 1, **meta: Any) -> World:
    world = World({**SHARED, **spec}, meta={"generation": generation, **meta})
    world.settle()
    return world


def change(world: World, spec: dict[str, Any]) -> None:
    """As the API server takes it."""
    world.spec = {**SHARED, **spec}
    world.meta = {**world.meta, "generation": world.meta["generation"] + 1}


@pytest.mark.parametrize(
    ("engine", "told"),
    [
        (None, {"INDEX_ENGINE": "auto"}),
        ({}, {"INDEX_ENGINE": "auto"}),
        ({"type": "Flat"}, {"INDEX_ENGINE": "flat"}),
        (
            {"exactRows": 9_000, "recall": 0.995},
            {"INDEX_ENGINE": "auto", "INDEX_EXACT_ROWS": "9000", "INDEX_RECALL": "0.995"},
        ),
        (
            {"type": "HNSW", "hnsw": {"m": 16}},
            {
                "INDEX_ENGINE": "hnsw",
                "INDEX_HNSW_M": "16",
                "INDEX_HNSW_EF_CONSTRUCTION": "128",
            },
        ),
        ({"type": "IVF", "ivf": {}}, {"INDEX_ENGINE": "ivf"}),
        (
            {"type": "IVF", "ivf": {"nlist": 64}},
            {"INDEX_ENGINE": "ivf", "INDEX_IVF_NLIST": "64"},
        ),
    ],
)
def test_pods_are_told_what_the_spec_says(
    engine: dict[str, Any] | None, told: dict[str, str]
) -> None:
    found = settings_of(a_world({} if engine is None else {"engine": engine}))
    del found["INDEX_ENGINE_REVISION"]
    assert found == told


def test_another_engine_replaces_pods_and_has_a_higher_number() -> None:
    world = a_world({})
    before = number_of(world)
    for spec in (HNSW, {}, HNSW):  # also one that was there before
        change(world, spec)
        assert not is_still(world.turn())
        assert number_of(world) > before
        before = number_of(world)


def test_whatever_else_changes_leaves_the_number_as_it_is() -> None:
    world = a_world(HNSW)
    before = number_of(world)
    change(world, {**HNSW, "replicas": 3, "resources": {"requests": {"cpu": "2"}}})
    assert not is_still(world.turn())
    assert number_of(world) == before


def test_a_pass_that_sees_what_was_there_before_comes_to_the_same_number() -> None:
    world = a_world({})
    change(world, HNSW)
    stale = replace(world, live=dict(world.live))
    world.turn()
    stale.turn()
    assert number_of(stale) == number_of(world)


def test_what_somebody_says_instead_is_put_back_with_a_higher_number() -> None:
    world = a_world(HNSW)
    before = number_of(world)
    (container,) = world.live[DEPLOYMENTS, "docs"]["spec"]["template"]["spec"]["containers"]
    (engine,) = [each for each in container["env"] if each["name"] == "INDEX_ENGINE"]
    engine["value"] = "flat"
    world.turn()
    assert settings_of(world)["INDEX_ENGINE"] == "hnsw"
    assert number_of(world) > before


def test_pods_of_an_earlier_operator_have_no_number_yet() -> None:
    world = a_world(HNSW)
    (container,) = world.live[DEPLOYMENTS, "docs"]["spec"]["template"]["spec"]["containers"]
    container["env"] = [each for each in container["env"] if "REVISION" not in each["name"]]
    world.turn()
    assert number_of(world) == number_of(a_world(HNSW))


def test_who_takes_the_data_over_begins_above_all_that_was_before() -> None:
    before = a_world(HNSW, generation=99_999, creationTimestamp="2026-03-10T12:00:00Z")
    after = a_world(HNSW, uid="later", creationTimestamp="2026-03-10T12:00:01Z")
    assert number_of(after) > number_of(before)


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.sampled_from(ENGINES) | st.integers(0, 3), max_size=12))
def test_the_number_grows_with_each_change_of_the_engine_and_with_no_other(
    steps: list[dict[str, Any] | int],
) -> None:
    world = a_world({})
    seen = number_of(world), {**settings_of(world), "INDEX_ENGINE_REVISION": ""}
    for step in steps:
        own = {name: said for name, said in world.spec.items() if name not in SHARED}
        change(world, {**own, "replicas": step} if isinstance(step, int) else step)
        world.turn()
        now = number_of(world), {**settings_of(world), "INDEX_ENGINE_REVISION": ""}
        assert now[0] == seen[0] if now[1] == seen[1] else now[0] > seen[0]
        seen = now

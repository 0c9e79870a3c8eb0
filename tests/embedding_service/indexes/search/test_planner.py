"""Plans: exact where that is cheap or a graph would find too little."""

from dataclasses import replace

import pytest

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.search.planner import Facts, Method, Policy, plan_search
from embedding_service.indexes.segments.kernels.graphs import Reach

LARGE = Facts(Engine.HNSW, 1_000_000, 1_000_000, 384, k=10, is_exact=False)


@pytest.mark.parametrize(
    ("facts", "method"),
    [
        (LARGE, Method.GRAPH),
        (replace(LARGE, engine=Engine.IVF), Method.GRAPH),
        (replace(LARGE, engine=Engine.FLAT), Method.EXACT),
        (replace(LARGE, is_exact=True), Method.EXACT),
        (replace(LARGE, allowed=0), Method.SKIP),
        (replace(LARGE, allowed=0, is_exact=True), Method.SKIP),
        (replace(LARGE, allowed=10), Method.EXACT),
        (replace(LARGE, allowed=100_000), Method.EXACT),
        (replace(LARGE, allowed=100_001), Method.GRAPH),
        (replace(LARGE, rows=20_000, allowed=20_000), Method.EXACT),
        (replace(LARGE, k=100_000), Method.EXACT),
    ],
)
def test_how_a_segment_is_searched(facts: Facts, method: Method) -> None:
    assert plan_search(facts, Policy()).method is method


def test_the_fewer_rows_are_allowed_the_further_a_graph_is_searched() -> None:
    measured = replace(LARGE, reach=Reach(128, 1 / 16, 64))
    whole = plan_search(measured, Policy()).reach
    half = plan_search(replace(measured, allowed=500_000), Policy()).reach
    assert whole == measured.reach
    assert (half.ef_search, half.probed_share) == (256, 1 / 8)


def test_a_policy_of_ones_own_comes_before_what_was_measured() -> None:
    own, measured = Reach(64, 1 / 4, 8), Reach(128, 1 / 16, 64)
    facts = replace(LARGE, reach=measured)
    assert plan_search(facts, Policy(own)).reach == own
    assert plan_search(LARGE, Policy()).reach == Reach()

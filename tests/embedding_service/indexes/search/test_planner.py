"""Plans: exact where that is cheap or a graph would find too little."""

from dataclasses import replace

import pytest

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.search.planner import Facts, Method, Policy, plan_search

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
    policy = Policy()
    whole = plan_search(LARGE, policy).reach
    half = plan_search(replace(LARGE, allowed=500_000), policy).reach
    assert whole == policy.reach
    assert (half.ef_search, half.probed_share) == (2 * whole.ef_search, 2 * whole.probed_share)

"""What a search finds, and what it brings along."""

from dataclasses import replace

import numpy as np
import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.definition import FieldType, Metric
from embedding_service.indexes.errors import DimensionMismatch
from embedding_service.retrieval.requests import Search
from embedding_service.retrieval.retrieval import Retrieval
from planar import VECTORS_ONLY, add, found, query, vector


async def test_a_filter_keeps_to_what_it_says(retrieval: Retrieval) -> None:
    await retrieval.create(replace(VECTORS_ONLY, fields={"year": FieldType.INT}))
    await add(retrieval, *(vector(1, n, f"d{n}", year=1990 + n) for n in range(10)))
    search = replace(query(0, 1), filter={"year": {"gte": 1993, "lt": 1996}})
    assert await found(retrieval, search) == ["d5", "d4", "d3"]
    removal = await retrieval.remove_where("vectors", {"year": {"in": [1994, 1999]}})
    assert sorted(removal.ids) == ["d4", "d9"]
    assert await found(retrieval, search) == ["d5", "d3"]


@pytest.mark.parametrize(
    ("metric", "threshold", "expected"),
    [(Metric.DOT, 2.0, ["far", "mid"]), (Metric.L2, 1.0, ["near", "mid"])],
)
async def test_the_threshold_itself_is_within(
    retrieval: Retrieval, metric: Metric, threshold: float, expected: list[str]
) -> None:
    await retrieval.create(replace(VECTORS_ONLY, metric=metric))
    await add(retrieval, vector(1, 0, "near"), vector(2, 0, "mid"), vector(3, 0, "far"))
    search = replace(query(1, 0), threshold=threshold)
    assert await found(retrieval, search) == expected


@pytest.mark.parametrize(
    ("metric", "threshold"),
    [(Metric.COSINE, 1.5), (Metric.COSINE, -1.5), (Metric.L2, -0.1), (Metric.DOT, float("nan"))],
)
async def test_a_threshold_that_no_score_can_have_is_refused(
    retrieval: Retrieval, metric: Metric, threshold: float
) -> None:
    await retrieval.create(replace(VECTORS_ONLY, metric=metric))
    with pytest.raises(InvalidRequest, match="threshold must be"):
        await retrieval.search("vectors", replace(query(1, 0), threshold=threshold))


async def test_pages_of_a_search_follow_each_other_without_gap(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, *(vector(n % 3, 0, f"d{n:02}") for n in range(10)))  # many equal scores
    whole = await found(retrieval, query(1, 0))
    paged: list[str] = []
    search = replace(query(1, 0), top_k=3)
    while True:
        (answer,) = await retrieval.search("vectors", search)
        paged += [hit.id for hit in answer.hits]
        if answer.cursor is None:
            break
        search = replace(search, cursor=answer.cursor)
    assert paged == whole
    assert len(whole) == 10


async def test_a_search_has_a_bound_over_all_its_pages(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(InvalidRequest, match="at most 10,000 hits"):
        await retrieval.search("vectors", replace(query(1, 0), top_k=10_001))


async def test_a_query_of_another_dimension_is_refused(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(DimensionMismatch, match="holds vectors of 2 dimensions"):
        await retrieval.search("vectors", Search(matrix=np.ones((1, 3), dtype=np.float32)))


async def test_only_what_is_asked_for_comes_along(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, vector(1, 2, "a", lang="de"))
    (bare,) = await retrieval.search("vectors", replace(query(1, 0), include=frozenset()))
    assert [(hit.text, hit.metadata, hit.vector) for hit in bare.hits] == [(None, None, None)]
    search = replace(query(1, 0), include=frozenset({"metadata", "vector"}))
    (full,) = await retrieval.search("vectors", search)
    assert full.hits[0].metadata == b'{"lang":"de"}'
    assert full.hits[0].vector is not None
    assert full.hits[0].vector.tolist() == [1, 2]

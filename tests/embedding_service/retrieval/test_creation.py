"""Indexes are made on request, by a name, of a model or of vectors alone."""

import asyncio
from dataclasses import replace

import pytest

from embedding_service.errors import InvalidRequest
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.retrieval.requests import DEFAULT_INDEX, NewIndex, Search
from embedding_service.retrieval.retrieval import Retrieval
from planar import VECTORS_ONLY, texts
from retrievals import UnitEmbedder


async def test_an_index_may_keep_fewer_dimensions_than_its_model_has(
    retrieval: Retrieval, embedder: UnitEmbedder
) -> None:
    await retrieval.create(NewIndex(name="small", dimension=4))
    await retrieval.add("small", texts("a cat"))
    assert [request.dimensions for request in embedder.requests] == [4]
    with pytest.raises(InvalidRequest, match="fewer than 9"):
        await retrieval.create(NewIndex(name="large", dimension=9))


async def test_an_index_without_a_model_takes_vectors_only(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(InvalidRequest) as caught:
        await retrieval.add("vectors", texts("a cat"))
    assert [issue.path for issue in caught.value.issues] == ["documents[0].vector"]
    with pytest.raises(InvalidRequest, match="takes vectors only"):
        await retrieval.search("vectors", Search(texts=["a cat"]))
    with pytest.raises(InvalidRequest, match="needs its dimension"):
        await retrieval.create(NewIndex(name="other", has_model=False))


async def test_a_name_is_given_once(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    with pytest.raises(Conflict):
        await retrieval.create(VECTORS_ONLY)


@pytest.mark.parametrize("name", ["", "Upper", "a_b", "-a", "a" * 64, "a/b", "ä"])
async def test_a_name_is_a_dns_label(retrieval: Retrieval, name: str) -> None:
    with pytest.raises(InvalidRequest, match="not a name"):
        await retrieval.create(replace(VECTORS_ONLY, name=name))


async def test_first_adds_at_once_make_one_default_index(retrieval: Retrieval) -> None:
    await asyncio.gather(*(retrieval.add(DEFAULT_INDEX, texts(f"text {n}")) for n in range(8)))
    assert [(each.name, each.documents) for each in await retrieval.indexes()] == [
        (DEFAULT_INDEX, 8)
    ]


async def test_no_other_index_is_made_by_asking_for_it(retrieval: Retrieval) -> None:
    with pytest.raises(NotFound, match="no index 'articles'"):
        await retrieval.add("articles", texts("a cat"))
    with pytest.raises(NotFound):
        await retrieval.search("articles", Search(texts=["a cat"]))

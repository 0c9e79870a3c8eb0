"""Documents in, nearest documents out, over a real record; only the model is a fake."""

from dataclasses import replace
from pathlib import Path

import pytest

from embedding_service.indexes.errors import Conflict, NotConfirmed, NotFound
from embedding_service.retrieval.requests import DEFAULT_INDEX, Addition, Search
from embedding_service.retrieval.retrieval import Retrieval
from planar import VECTORS_ONLY, add, found, query, texts, vector
from retrievals import open_retrieval


async def test_what_is_added_is_found_at_once(retrieval: Retrieval) -> None:
    added = await retrieval.add(DEFAULT_INDEX, texts("a cat", "a dog", "a fish"))
    assert (added.index, added.version) == (DEFAULT_INDEX, 3)
    (answer,) = await retrieval.search(DEFAULT_INDEX, Search(texts=["a dog"], top_k=1))
    assert [(hit.id, hit.text) for hit in answer.hits] == [(added.ids[1], "a dog")]
    assert answer.hits[0].score == pytest.approx(1)
    assert (answer.version, answer.is_exact) == (3, True)


async def test_documents_outlive_the_process(tmp_path: Path) -> None:
    async with open_retrieval(tmp_path) as first:
        added = await first.add(DEFAULT_INDEX, texts("a cat", "a dog"))
    async with open_retrieval(tmp_path) as second:
        assert second.is_loaded
        hits = await found(second, Search(texts=["a cat"], top_k=1), DEFAULT_INDEX)
    assert hits == [added.ids[0]]


async def test_the_default_index_is_empty_until_something_is_added(retrieval: Retrieval) -> None:
    (answer,) = await retrieval.search(DEFAULT_INDEX, Search(texts=["anything"]))
    assert (list(answer.hits), answer.version) == ([], 0)
    assert await retrieval.indexes() == []


async def test_a_removed_document_is_neither_found_nor_read(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, vector(1, 0, "a"), vector(0, 1, "b"))
    removal = await retrieval.remove("vectors", ["a", "never there"])
    assert (removal.ids, removal.version) == (["a"], 3)
    assert await found(retrieval, query(1, 1)) == ["b"]
    with pytest.raises(NotFound):
        await retrieval.read("vectors", "a")


async def test_every_document_can_be_paged_through(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, *(vector(n, 1, f"d{n}") for n in range(5)))
    first = await retrieval.page("vectors", None, 3)
    second = await retrieval.page("vectors", first.cursor, 3)
    assert [each.id for each in (*first.documents, *second.documents)] == [
        "d0", "d1", "d2", "d3", "d4",
    ]  # fmt: skip
    assert second.cursor is None


async def test_a_dropped_index_is_gone_and_its_name_free(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    await add(retrieval, vector(1, 0, "a"))
    for confirmation in (None, "other"):
        with pytest.raises(NotConfirmed, match="confirm=vectors"):
            await retrieval.drop("vectors", confirmation)
    await retrieval.drop("vectors", "vectors")
    with pytest.raises(NotFound):
        await retrieval.describe("vectors")
    await retrieval.create(VECTORS_ONLY)
    assert await found(retrieval, query(1, 0)) == []


async def test_an_alias_moves_in_one_step(retrieval: Retrieval) -> None:
    for name in ("blue", "green"):
        await retrieval.create(replace(VECTORS_ONLY, name=name))
        await retrieval.add(name, Addition(documents=[vector(1, 0, name)]))
    await retrieval.point("live", "blue")
    assert await found(retrieval, query(1, 0), "live") == ["blue"]
    await retrieval.point("live", "green")
    assert await found(retrieval, query(1, 0), "live") == ["green"]
    assert (await retrieval.describe("live")).aliases == ["live"]
    with pytest.raises(Conflict):
        await retrieval.point("blue", "green")
    await retrieval.unpoint("live")
    with pytest.raises(NotFound):
        await retrieval.describe("live")

"""Adds are refused while too many rows wait to be built, and taken again when they are."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedding_service.errors import Overloaded
from embedding_service.indexes.definition import Engine
from embedding_service.indexes.keeper import Keeper
from embedding_service.retrieval.requests import Addition, NewDocument, NewIndex, Search
from fakes import DIMENSION
from house import SMALL
from retrievals import OpenIndexes, UnitEmbedder, open_indexes

MOST = 1_200
"""Rows that may wait."""


@pytest.fixture
async def opened(
    tmp_path: Path, embedder: UnitEmbedder, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[OpenIndexes]:
    """Segments of 500 rows, which are built when the test says so."""
    of_segments = "embedding_service.indexes.segments.growing.MOST_BYTES"
    monkeypatch.setattr(of_segments, 500 * DIMENSION * 4)
    monkeypatch.setattr(Keeper, "start", lambda keeper: None)
    indexes = open_indexes(tmp_path, embedder=embedder, max_unbuilt=MOST)
    async with indexes as entered:
        yield entered


async def add(opened: OpenIndexes, first: int, count: int) -> None:
    documents = [
        NewDocument(f"d{row}", f"text {row}", None, None) for row in range(first, first + count)
    ]
    await opened.retrieval.add("books", Addition(documents=documents))


async def test_adds_wait_for_the_builder(opened: OpenIndexes, embedder: UnitEmbedder) -> None:
    await opened.retrieval.create(NewIndex(name="books", engine=Engine.HNSW, tuning=SMALL))
    await add(opened, 0, 1_400)  # 1,000 of them sealed, which need no graph
    await add(opened, 1_400, 200)
    assert (await opened.retrieval.describe("books")).unbuilt == 1_500
    asked = len(embedder.requests)
    with pytest.raises(Overloaded, match=r"1,500 rows of index 'books' wait") as caught:
        await add(opened, 1_600, 1)
    assert (caught.value.reason, caught.value.retry_after) == ("unbuilt", 10.0)
    assert len(embedder.requests) == asked
    await opened.retrieval.search("books", Search(texts=["text 1"]))  # searches go on
    await opened.retrieval.remove("books", ["d1"])  # and so do removals
    await opened.end_of(await opened.jobs.compact("books"))
    await add(opened, 1_600, 1)


async def test_rows_that_are_not_to_be_built_wait_for_nothing(opened: OpenIndexes) -> None:
    await opened.retrieval.create(NewIndex(name="books", engine=Engine.FLAT))
    await add(opened, 0, 1_600)
    await add(opened, 1_600, 1)

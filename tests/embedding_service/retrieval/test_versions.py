"""A search may wait for a version."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from embedding_service.indexes.errors import VersionNotReached
from embedding_service.retrieval.retrieval import Retrieval
from planar import VECTORS_ONLY, add, found, query, vector
from retrievals import open_retrieval


async def test_a_version_that_is_there_is_not_waited_for(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    added = await add(retrieval, vector(1, 0, "a"))
    assert await found(retrieval, replace(query(1, 0), min_version=added.version)) == ["a"]


async def test_a_version_that_comes_is_waited_for(retrieval: Retrieval) -> None:
    await retrieval.create(VECTORS_ONLY)
    waiting = asyncio.create_task(found(retrieval, replace(query(1, 0), min_version=1)))
    await asyncio.sleep(0)
    await add(retrieval, vector(1, 0, "a"))
    assert await waiting == ["a"]


async def test_a_version_that_does_not_come_is_told_with_its_lag(tmp_path: Path) -> None:
    async with open_retrieval(tmp_path, version_wait=0.01) as retrieval:
        await retrieval.create(VECTORS_ONLY)
        with pytest.raises(VersionNotReached) as caught:
            await retrieval.search("vectors", replace(query(1, 0), min_version=7))
    assert caught.value.lag == 7

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from databases import postgresql_url
from embedding_service.retrieval.retrieval import Retrieval
from retrievals import UnitEmbedder, open_retrieval

__all__ = ["postgresql_url"]


@pytest.fixture
def embedder() -> UnitEmbedder:
    return UnitEmbedder()


@pytest.fixture
async def retrieval(tmp_path: Path, embedder: UnitEmbedder) -> AsyncIterator[Retrieval]:
    async with open_retrieval(tmp_path, embedder=embedder) as opened:
        yield opened

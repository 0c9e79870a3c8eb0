"""While the database is away, what is in memory is searched."""

from pathlib import Path

import numpy as np
import pytest

from databases import PostgreSQL
from embedding_service.indexes.definition import Metric
from embedding_service.indexes.errors import RecordUnavailable
from embedding_service.retrieval.requests import Addition, Answer, NewDocument, NewIndex, Search
from embedding_service.retrieval.retrieval import Retrieval
from retrievals import open_retrieval
from waiting import until

ADDITION = Addition(documents=[NewDocument("a", "one", np.ones(2, dtype=np.float32), {"n": 1})])


async def search(retrieval: Retrieval) -> Answer:
    (answer,) = await retrieval.search("vectors", Search(matrix=np.ones((1, 2), dtype=np.float32)))
    return answer


async def test_searches_go_on_from_memory_and_say_how_old_it_is(
    tmp_path: Path, postgresql: PostgreSQL, postgresql_url: str
) -> None:
    database = postgresql_url.partition("?")[0].rpartition("/")[2]
    async with open_retrieval(tmp_path, postgresql_url) as retrieval:
        await retrieval.create(
            NewIndex(name="vectors", has_model=False, dimension=2, metric=Metric.DOT)
        )
        await retrieval.add("vectors", ADDITION)
        postgresql.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS false")
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'gpu-embedding'"
        )
        away = await search(retrieval)
        assert [(hit.id, hit.score, hit.text) for hit in away.hits] == [("a", 2.0, None)]
        assert away.silence is not None
        with pytest.raises(RecordUnavailable):
            await retrieval.add("vectors", ADDITION)
        postgresql.execute(f"ALTER DATABASE {database} ALLOW_CONNECTIONS true")
        index = retrieval._catalogue.get("vectors")
        await until(lambda: index.silence is None, 30, "the database is back")
        assert [hit.text for hit in (await search(retrieval)).hits] == ["one"]

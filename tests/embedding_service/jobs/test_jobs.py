"""Jobs by index: those of one index, under its name or an alias, and no other's."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.records.record import JobState
from embedding_service.jobs.requests import NewCopy
from embedding_service.retrieval.requests import NewIndex
from retrievals import OpenIndexes, open_indexes


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[OpenIndexes]:
    async with open_indexes(tmp_path) as indexes:
        for name in ("articles", "books"):
            await indexes.retrieval.create(NewIndex(name=name))
        yield indexes


async def test_jobs_are_listed_newest_first_with_their_index(opened: OpenIndexes) -> None:
    first = await opened.end_of(await opened.jobs.compact("articles"))
    second = await opened.end_of(await opened.jobs.reindex("articles", NewCopy(into="new")))
    await opened.end_of(await opened.jobs.compact("books"))
    assert await opened.jobs.jobs("articles") == [second, first]
    assert await opened.jobs.job("articles", first.id) == first
    assert {job.index for job in (first, second)} == {"articles"}


async def test_an_alias_leads_to_the_jobs_of_its_index(opened: OpenIndexes) -> None:
    await opened.retrieval.point("live", "articles")
    job = await opened.end_of(await opened.jobs.compact("live"))
    assert (job.index, job.state) == ("articles", JobState.SUCCEEDED)
    assert await opened.jobs.jobs("live") == [job]


async def test_a_job_of_another_index_is_not_there(opened: OpenIndexes) -> None:
    job = await opened.end_of(await opened.jobs.compact("articles"))
    for name, id_ in (("books", job.id), ("articles", "unknown"), ("unknown", job.id)):
        with pytest.raises(NotFound):
            await opened.jobs.job(name, id_)
    with pytest.raises(NotFound):
        await opened.jobs.jobs("unknown")


async def test_a_job_that_has_ended_may_be_done_again(opened: OpenIndexes) -> None:
    for _ in range(2):
        job = await opened.end_of(await opened.jobs.compact("articles"))
        assert job.state is JobState.SUCCEEDED

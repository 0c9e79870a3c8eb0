"""Compaction as a job: the same documents, in one segment."""

import errno
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine, Metric
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.keeper import Keeper
from embedding_service.indexes.records.record import JobState
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.upkeep.building import BuildFailed, Built, Stored, Workshop
from embedding_service.jobs.compaction import Compaction
from embedding_service.jobs.report import Report
from embedding_service.jobs.runner import ENDED
from embedding_service.retrieval.requests import Addition, NewDocument, NewIndex, Search
from house import SMALL
from index_model import random_matrix
from retrievals import OpenIndexes, open_indexes
from waiting import until

SECONDS = 60.0
DIMENSION, ROWS = 16, 2_000


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Segments are sealed with 500 rows, and nobody else looks after them."""
    of_segments = "embedding_service.indexes.segments.growing.MOST_BYTES"
    monkeypatch.setattr(of_segments, 500 * DIMENSION * 4)
    monkeypatch.setattr(Keeper, "start", lambda keeper: None)


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[OpenIndexes]:
    async with open_indexes(tmp_path) as indexes:
        yield indexes


async def fill(opened: OpenIndexes, engine: Engine, rows: int = ROWS) -> None:
    await opened.retrieval.create(
        NewIndex(
            name="books",
            has_model=False,
            dimension=DIMENSION,
            metric=Metric.DOT,
            engine=engine,
            tuning=SMALL,
        )
    )
    matrix = random_matrix(rows, DIMENSION)
    documents = [NewDocument(f"d{row}", None, vector, None) for row, vector in enumerate(matrix)]
    await opened.retrieval.add("books", Addition(documents=documents))


async def segments(opened: OpenIndexes) -> list[tuple[str, int, int]]:
    facts = await opened.retrieval.describe("books")
    return [(each.engine, each.rows, each.live) for each in facts.segments]


async def found(opened: OpenIndexes) -> list[list[str]]:
    search = Search(matrix=random_matrix(5, DIMENSION, 3), top_k=20, is_exact=True)
    answers = await opened.retrieval.search("books", search)
    return [[hit.id for hit in answer.hits] for answer in answers]


async def test_segments_become_one_without_what_was_removed(opened: OpenIndexes) -> None:
    await fill(opened, Engine.FLAT)
    await opened.retrieval.remove("books", [f"d{row}" for row in range(10)])
    assert len(await segments(opened)) == 4
    before = await found(opened)
    job = await opened.jobs.compact("books")
    assert (job.kind, job.index, job.state) == ("compact", "books", JobState.QUEUED)
    ended = await opened.end_of(job)
    assert (ended.state, ended.progress, ended.phase) == (JobState.SUCCEEDED, 1.0, "done")
    assert ended.detail == {"compacted": True, "purged": 0, "segments": 1}
    assert await segments(opened) == [("flat", ROWS - 10, ROWS - 10)]
    assert await found(opened) == before


async def test_what_is_one_already_is_left_alone(opened: OpenIndexes) -> None:
    await fill(opened, Engine.FLAT, rows=500)
    ended = await opened.end_of(await opened.jobs.compact("books"))
    assert (ended.state, ended.detail["compacted"]) == (JobState.SUCCEEDED, False)


async def test_a_graph_is_built_without_what_was_removed(opened: OpenIndexes) -> None:
    await fill(opened, Engine.HNSW)
    await opened.retrieval.remove("books", [f"d{row}" for row in range(5)])
    before = await found(opened)
    ended = await opened.end_of(await opened.jobs.compact("books"))
    assert ended.state is JobState.SUCCEEDED
    assert await segments(opened) == [("hnsw", ROWS - 5, ROWS - 5)]
    assert await found(opened) == before


async def test_a_failed_build_is_told_in_a_sentence(
    opened: OpenIndexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(workshop: Workshop, stored: Stored, blueprint: Blueprint) -> Built:
        raise BuildFailed("the builder ended with -9")

    monkeypatch.setattr(Workshop, "build", fail)
    await fill(opened, Engine.HNSW)
    with capture_logs():
        ended = await opened.end_of(await opened.jobs.compact("books"))
    assert ended.state is JobState.FAILED
    assert ended.error == (
        "no graph could be built: the builder ended with -9; rows are searched exactly"
    )


async def test_a_full_disk_is_told_in_a_sentence(
    opened: OpenIndexes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(workshop: Workshop, segment: Sealed) -> Stored:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Workshop, "store", fail)
    await fill(opened, Engine.HNSW)
    with capture_logs():
        ended = await opened.end_of(await opened.jobs.compact("books"))
    assert ended.error == (
        "no graph could be built: No space left on device; rows are searched exactly"
    )


async def test_removals_that_are_old_enough_are_forgotten(opened: OpenIndexes) -> None:
    await fill(opened, Engine.FLAT, rows=20)
    await opened.retrieval.remove("books", ["d1", "d2"])
    index = opened.jobs._catalogue.get("books")
    report = Report(opened.record.create_job(index.definition.uid, "compact"))
    await Compaction(index, opened.upkeep, opened.record, retention=0.0).run(report)
    assert report.job.detail["purged"] == 2
    assert opened.record.standing(index.definition.uid).purged_version == 22
    index.follow()
    assert index.describe().live == 18


async def test_closing_ends_a_build_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_building, is_stopped = threading.Event(), threading.Event()
    build, stop = Workshop.build, Workshop.stop

    def wait_and_build(workshop: Workshop, stored: Stored, blueprint: Blueprint) -> Built:
        is_building.set()
        is_stopped.wait(SECONDS)
        return build(workshop, stored, blueprint)

    def stop_and_tell(workshop: Workshop) -> None:
        stop(workshop)
        is_stopped.set()

    monkeypatch.setattr(Workshop, "build", wait_and_build)
    monkeypatch.setattr(Workshop, "stop", stop_and_tell)
    async with open_indexes(tmp_path) as opened:
        await fill(opened, Engine.HNSW)
        job = await opened.jobs.compact("books")
        await until(is_building.is_set, SECONDS, "a build")
        with capture_logs():
            await opened.jobs.close()
        ended = opened.record.job(job.id)
        assert (ended.state, ended.detail["error"]) == (JobState.FAILED, ENDED)
        assert (await opened.retrieval.describe("books")).documents == ROWS
    assert list((tmp_path / "building").iterdir()) == []


async def test_there_is_no_job_of_an_index_that_is_not_there(opened: OpenIndexes) -> None:
    with pytest.raises(NotFound):
        await opened.jobs.compact("books")

"""Reindexing: the same texts under another model, whatever is written meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from embedding_service.errors import InferenceFailed, InvalidRequest, ModelNotServed, Overloaded
from embedding_service.indexes.definition import Engine, FieldType, Metric
from embedding_service.indexes.errors import Conflict
from embedding_service.indexes.records.record import JobState
from embedding_service.inference.description import ModelDescription, ServedModel
from embedding_service.inference.requests import EmbeddingRequest, Embeddings, TrafficClass
from embedding_service.jobs import reindexing
from embedding_service.jobs.requests import JobFacts, NewCopy
from embedding_service.retrieval.requests import Addition, NewDocument, NewIndex, Search
from fakes import DESCRIPTION
from retrievals import OpenIndexes, UnitEmbedder, open_indexes
from waiting import until

SECONDS = 60.0
OTHER = replace(DESCRIPTION, name="other", fingerprint="0" * 64, dimension=4, prompts={})


class TwoModels(UnitEmbedder):
    """`fake` of 8 dimensions, and `other` of 4; keeps what it embeds for documents."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals: list[Exception] = []
        self.models = [
            *self.models, ServedModel("other", "hashing:4", False, "loaded", OTHER, 9, None),
        ]  # fmt: skip

    async def describe(self, model: str | None = None) -> ModelDescription:
        if model not in {None, "fake", "other"}:
            raise ModelNotServed(str(model), ["fake", "other"])
        return OTHER if model == "other" else DESCRIPTION

    async def embed(self, request: EmbeddingRequest) -> Embeddings:
        if self.refusals:
            raise self.refusals.pop()
        asked = replace(request, dimensions=4) if request.model == "other" else request
        return await super().embed(asked)


@pytest.fixture
def embedder() -> TwoModels:
    return TwoModels()


@pytest.fixture
async def opened(tmp_path: Path, embedder: TwoModels) -> AsyncIterator[OpenIndexes]:
    async with open_indexes(tmp_path, embedder=embedder) as indexes:
        await indexes.retrieval.create(NewIndex(name="old", fields={"year": FieldType.INT}))
        yield indexes


def text(id: str, content: str | None = None, **metadata: object) -> NewDocument:  # noqa: A002
    return NewDocument(id, content or f"text of {id}", None, metadata or None)


def textless(id: str, dimension: int = 8) -> NewDocument:  # noqa: A002
    return NewDocument(id, None, np.ones(dimension, np.float32), None)


async def add(opened: OpenIndexes, *documents: NewDocument, name: str = "old") -> None:
    await opened.retrieval.add(name, Addition(documents=documents))


async def contents(opened: OpenIndexes, name: str) -> dict[str, tuple[str | None, bytes | None]]:
    page = await opened.retrieval.page(name, None, 1_000)
    return {each.id: (each.text, each.metadata) for each in page.documents}


async def reindex(opened: OpenIndexes, wanted: NewCopy) -> JobFacts:
    with capture_logs():
        return await opened.end_of(await opened.jobs.reindex("old", wanted))


async def test_all_texts_are_embedded_with_the_other_model(
    opened: OpenIndexes, embedder: TwoModels
) -> None:
    await add(opened, *(text(f"d{n}", year=n) for n in range(600)), text("plain"))
    before = await contents(opened, "old")
    embedder.requests.clear()
    job = await opened.jobs.reindex("old", NewCopy(into="new", model="other", engine=Engine.FLAT))
    assert (job.kind, job.detail) == ("reindex", {"into": "new", "model": "other"})
    ended = await opened.end_of(job)
    assert (ended.state, ended.progress, ended.error) == (JobState.SUCCEEDED, 1.0, None)
    assert ended.detail == {"into": "new", "model": "other", "documents": 601, "version": 601}
    new = await opened.retrieval.describe("new")
    assert (new.model, new.dimension, new.engine) == ("other", 4, Engine.FLAT)
    assert (new.fields, new.metric) == ({"year": FieldType.INT}, Metric.COSINE)
    assert await contents(opened, "new") == before == await contents(opened, "old")
    assert {request.traffic for request in embedder.requests} == {TrafficClass.BULK}
    assert [len(request.inputs) for request in embedder.requests] == [256, 256, 89]
    search = Search(texts=["text of d7"], top_k=1)
    (answer,) = await opened.retrieval.search("new", search)
    assert answer.hits[0].id == "d7"
    assert answer.hits[0].score == pytest.approx(1)


async def test_without_a_model_it_is_the_index_s_own(opened: OpenIndexes) -> None:
    await opened.retrieval.create(NewIndex(name="cut", dimension=3))
    await add(opened, text("a"), name="cut")
    ended = await opened.end_of(await opened.jobs.reindex("cut", NewCopy(into="new")))
    assert ended.state is JobState.SUCCEEDED
    new = await opened.retrieval.describe("new")
    assert (new.model, new.dimension) == ("fake", 3)


async def test_an_empty_index_is_copied_at_once(opened: OpenIndexes) -> None:
    ended = await reindex(opened, NewCopy(into="new"))
    assert (ended.state, ended.detail["documents"]) == (JobState.SUCCEEDED, 0)


async def test_documents_without_a_text_are_counted_before_anything_is_made(
    opened: OpenIndexes, embedder: TwoModels
) -> None:
    await add(opened, text("a"), textless("b"), text("c"), textless("d"))
    embedder.requests.clear()
    ended = await reindex(opened, NewCopy(into="new"))
    assert ended.state is JobState.FAILED
    assert ended.error is not None
    assert ended.error.startswith("2 of 4 documents have no text")
    assert embedder.requests == []
    assert [each.name for each in await opened.retrieval.indexes()] == ["old"]


async def test_what_is_written_meanwhile_comes_along(
    opened: OpenIndexes, embedder: TwoModels
) -> None:
    await add(opened, *(text(f"d{n}") for n in range(10)))
    embedder.gate, embedder.gate_after = asyncio.Event(), len(embedder.requests)
    job = await opened.jobs.reindex("old", NewCopy(into="new", model="other"))
    await asyncio.wait_for(embedder.held.wait(), SECONDS)
    gate, embedder.gate = embedder.gate, None
    await add(opened, text("d3", "another text"), text("d10"))
    await opened.retrieval.remove("old", ["d4"])
    gate.set()
    ended = await opened.end_of(job)
    assert (ended.state, ended.detail["documents"]) == (JobState.SUCCEEDED, 10)
    copied = await contents(opened, "new")
    assert copied == await contents(opened, "old")
    assert copied["d3"] == ("another text", None)


async def test_a_text_that_goes_missing_meanwhile_ends_it(
    opened: OpenIndexes, embedder: TwoModels
) -> None:
    await add(opened, text("a"))
    embedder.gate, embedder.gate_after = asyncio.Event(), len(embedder.requests)
    job = await opened.jobs.reindex("old", NewCopy(into="new"))
    await asyncio.wait_for(embedder.held.wait(), SECONDS)
    gate, embedder.gate = embedder.gate, None
    await add(opened, textless("b"))
    with capture_logs():
        gate.set()
        ended = await opened.end_of(job)
    assert ended.error == (
        "1 documents without a text were added meanwhile; "
        "index 'new' is incomplete: remove it before you start again"
    )


async def test_a_source_that_is_never_still_ends_it(
    opened: OpenIndexes, embedder: TwoModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "_MOST_ROUNDS", 3)
    await add(opened, text("a"))
    describe = opened.retrieval.add

    async def add_and_write(name: str, addition: Addition) -> object:
        added = await describe(name, addition)
        if name == "new":
            await describe("old", Addition(documents=[text("a")]))
        return added

    monkeypatch.setattr(opened.retrieval, "add", add_and_write)
    ended = await reindex(opened, NewCopy(into="new"))
    assert ended.error is not None
    assert ended.error.startswith("index 'old' is written to faster than it can be copied")


async def test_strangers_in_the_new_index_are_told(
    opened: OpenIndexes, embedder: TwoModels
) -> None:
    await add(opened, text("a"))
    embedder.gate, embedder.gate_after = asyncio.Event(), len(embedder.requests)
    job = await opened.jobs.reindex("old", NewCopy(into="new"))
    await asyncio.wait_for(embedder.held.wait(), SECONDS)
    gate, embedder.gate = embedder.gate, None
    await add(opened, text("stranger"), name="new")
    with capture_logs():
        gate.set()
        ended = await opened.end_of(job)
    assert ended.error is not None
    assert ended.error.startswith("index 'old' has 1 documents and 'new' 2; something else")


async def test_what_is_refused_for_now_is_tried_again(
    opened: OpenIndexes, embedder: TwoModels
) -> None:
    await add(opened, text("a"))
    embedder.refusals = [Overloaded("full", 0.001, reason="queue")] * 3
    assert (await reindex(opened, NewCopy(into="new"))).state is JobState.SUCCEEDED
    assert embedder.refusals == []


async def test_patience_has_an_end(
    opened: OpenIndexes, embedder: TwoModels, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindexing, "_PATIENCE", -1.0)
    await add(opened, text("a"))
    embedder.refusals = [Overloaded("full", 0.001, reason="queue")] * 3
    ended = await reindex(opened, NewCopy(into="new"))
    assert ended.error == "full; index 'new' is incomplete: remove it before you start again"


async def test_a_text_that_the_model_fails_on_ends_it(
    opened: OpenIndexes, embedder: TwoModels
) -> None:
    await add(opened, text("a"))
    embedder.refusals = [InferenceFailed("the model fails on a text")]
    ended = await reindex(opened, NewCopy(into="new"))
    assert ended.state is JobState.FAILED
    assert ended.error is not None
    assert ended.error.startswith("the model fails on a text; index 'new' is incomplete")


@pytest.mark.parametrize("taken", ["old", "alias"])
async def test_a_name_that_is_taken_is_refused_at_once(opened: OpenIndexes, taken: str) -> None:
    await opened.retrieval.point("alias", "old")
    with pytest.raises(Conflict, match=f"named '{taken}' already"):
        await opened.jobs.reindex("old", NewCopy(into=taken))
    assert await opened.jobs.jobs("old") == []


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        (NewCopy(into="new", model="unknown"), ModelNotServed),
        (NewCopy(into="new", dimension=9), InvalidRequest),
        (NewCopy(into="New"), InvalidRequest),
    ],
)
async def test_what_cannot_be_made_is_refused_at_once(
    opened: OpenIndexes, wanted: NewCopy, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await opened.jobs.reindex("old", wanted)
    assert await opened.jobs.jobs("old") == []


async def test_an_index_of_vectors_needs_a_model_by_name(opened: OpenIndexes) -> None:
    await opened.retrieval.create(NewIndex(name="vectors", has_model=False, dimension=2))
    document = NewDocument("a", "text of a", np.ones(2, np.float32), None)
    await opened.retrieval.add("vectors", Addition(documents=[document]))
    with pytest.raises(InvalidRequest) as caught:
        await opened.jobs.reindex("vectors", NewCopy(into="new"))
    assert [issue.path for issue in caught.value.issues] == ["model"]
    job = await opened.jobs.reindex("vectors", NewCopy(into="new", model="other"))
    assert (await opened.end_of(job)).state is JobState.SUCCEEDED
    (answer,) = await opened.retrieval.search("new", Search(texts=["text of a"]))
    assert [hit.id for hit in answer.hits] == ["a"]


async def test_a_start_tells_what_an_end_has_left(tmp_path: Path, embedder: TwoModels) -> None:
    embedder.gate, embedder.gate_after = asyncio.Event(), 1
    async with open_indexes(tmp_path, embedder=embedder) as opened:
        await opened.retrieval.create(NewIndex(name="old"))
        await add(opened, text("a"))
        job = await opened.jobs.reindex("old", NewCopy(into="new"))
        await asyncio.wait_for(embedder.held.wait(), SECONDS)
        row = opened.record.job(job.id)
        await until(lambda: opened.record.job(job.id).state is JobState.RUNNING, SECONDS, "it")
    async with open_indexes(tmp_path, embedder=TwoModels()) as opened:
        told = await opened.jobs.job("old", row.id)
        assert told.state is JobState.FAILED
        assert told.error is not None
        assert "index 'new' may be there, incomplete" in told.error

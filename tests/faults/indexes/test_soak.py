"""Writers, searchers, compaction and snapshots at once: every answer is right for its version."""

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from embedding_service.indexes.archive import NEWEST, Archive
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Engine, FieldType, Metric
from embedding_service.indexes.records.standing import JobState
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.tuning import Tuning
from embedding_service.indexes.upkeep import builder
from embedding_service.indexes.upkeep.building import Workshop
from embedding_service.indexes.view import View
from embedding_service.jobs.requests import JobFacts
from embedding_service.retrieval.requests import Addition, NewDocument, NewIndex, Search
from history import Asked, History, Written
from retrievals import OpenIndexes, open_archive, open_indexes

NAME = "soaked"
DIMENSION = 8
IDS = [f"d{number}" for number in range(200)]
NUMBERS = 10
SMALL_SEGMENTS = Policy(exact_floats=0, exact_share=0.02), 32
"""Graphs wherever there is one; segments of so many rows."""
TUNING = Tuning(exact_rows=48)
WRITES = 25
"""Of each writer, where it is not for a time."""
GO_ON = Callable[[], bool]


@dataclass
class Soak:
    """One index and all that happens to it."""

    opened: OpenIndexes
    archive: Archive
    history: History = field(default_factory=History)
    names: "itertools.count[int]" = field(default_factory=itertools.count)

    async def write(self, seed: int, go_on: GO_ON) -> None:
        """Add, replace and remove, by id and by filter."""
        chance = random.Random(seed)  # noqa: S311  the same every time
        while go_on():
            if chance.random() < 0.25:
                await self._remove(chance.sample(IDS, 5))
            elif chance.random() < 0.1:
                number = chance.randrange(NUMBERS)
                gone = await self.opened.retrieval.remove_where(NAME, {"number": number})
                self.history.tell(gone.version, [(id_, None) for id_ in gone.ids])
            else:
                await self._add(chance)

    async def search(self, seed: int, go_on: GO_ON) -> None:
        """Through filters and not, exactly and not."""
        chance = random.Random(seed)  # noqa: S311
        while go_on():
            least, top_k = chance.randrange(NUMBERS), chance.choice([1, 5, 20, 200])
            matrix = np.array([draw(chance) for _ in range(2)], dtype=np.float32)
            wanted = Search(
                matrix=matrix,
                top_k=top_k,
                filter={"number": {"gte": least}} if least else None,
                is_exact=chance.random() < 0.3,
            )
            acknowledged = self.history.acknowledged
            answers = await self.opened.retrieval.search(NAME, wanted)
            for query, answer in zip(matrix.tolist(), answers, strict=True):
                passes = least.__le__
                asked = Asked(tuple(query), top_k, passes, answer, acknowledged)
                self.history.searches.append(asked)

    async def compact(self, go_on: GO_ON) -> None:
        """Make all segments one over and over, and now and then all of them anew."""
        for turn in itertools.takewhile(lambda _: go_on(), itertools.count()):
            await self._end(await self.opened.jobs.compact(NAME))
            if turn % 4 == 1:
                await self._end(await self.opened.jobs.snapshots.reload(NAME))

    async def copy(self, go_on: GO_ON) -> None:
        """Make snapshots, and read them at once: the next one takes their place."""
        (standing,) = self.opened.record.indexes()
        uid = standing.definition.uid
        while go_on():
            await self._end(await self.opened.jobs.snapshots.publish(NAME))
            manifest = self.archive.find(uid, NEWEST)
            texts = {
                each.id: each.text or ""
                for part in self.archive.shelf.documents(uid, manifest)
                for each in part
            }
            self.history.copies[manifest.version] = texts

    async def retune(self, seed: int, go_on: GO_ON) -> None:
        """Ask for another engine over and over, most often before the last one is built."""
        chance = random.Random(seed)  # noqa: S311
        while go_on():
            tuning = replace(TUNING, m=chance.choice([8, 16, 32]))
            engine = chance.choice([Engine.FLAT, Engine.HNSW, Engine.HNSW])
            await self.opened.retrieval.retune(NAME, Blueprint(engine, tuning))

    async def _add(self, chance: random.Random) -> None:
        name = next(self.names)
        written = {
            id_: Written(draw(chance), f"{id_} of write {name}", chance.randrange(NUMBERS))
            for id_ in chance.sample(IDS, chance.randint(1, 20))
        }
        documents = [
            NewDocument(id_, each.text, np.array(each.vector, np.float32), {"number": each.number})
            for id_, each in written.items()
        ]
        added = await self.opened.retrieval.add(NAME, Addition(documents=documents))
        self.history.tell(added.version, list(written.items()))

    async def _remove(self, ids: list[str]) -> None:
        gone = await self.opened.retrieval.remove(NAME, ids)
        self.history.tell(gone.version, [(id_, None) for id_ in gone.ids])

    async def _end(self, job: JobFacts) -> None:
        ended = await self.opened.end_of(job)
        assert ended.state is JobState.SUCCEEDED, ended


def draw(chance: random.Random) -> tuple[float, ...]:
    drawn = np.array([chance.gauss() for _ in range(DIMENSION)], dtype=np.float32)
    return tuple(drawn.tolist())


async def soak(folder: Path, url: str, go_on: Callable[[], GO_ON]) -> History:
    """Two write while `go_on` says so, each while its own does; the others as long as they."""
    archive = open_archive(folder, kept=1)
    async with open_indexes(folder, url, archive=archive) as opened:
        new = NewIndex(
            name=NAME,
            has_model=False,
            dimension=DIMENSION,
            metric=Metric.DOT,
            engine=Engine.HNSW,
            tuning=TUNING,
            fields={"number": FieldType.INT},
        )
        await opened.retrieval.create(new)
        soaked = Soak(opened, archive)
        writers = asyncio.gather(*(soaked.write(seed, go_on()) for seed in (1, 2)))

        def until_all_is_written(least: int) -> GO_ON:
            left = iter(range(least))
            return lambda: next(left, None) is not None or not writers.done()

        others: list[Coroutine[Any, Any, None]] = [
            *(soaked.search(seed, until_all_is_written(20)) for seed in (3, 4, 5)),
            soaked.compact(until_all_is_written(3)),
            soaked.retune(6, until_all_is_written(3)),
            soaked.copy(until_all_is_written(2)),
        ]
        await asyncio.gather(writers, *others)
        soaked.history.check()
        return soaked.history


@pytest.fixture(autouse=True)
def _small_segments_built_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(View.__init__, "__defaults__", SMALL_SEGMENTS)
    # Until a child has started, all of so few documents have been replaced.
    monkeypatch.setattr(Workshop, "_run", lambda _, order: builder.main(order))


async def test_every_answer_is_right_for_a_version_while_all_goes_on(
    sqlite_url: str, record_folder: Path
) -> None:
    def some() -> GO_ON:
        left = iter(range(WRITES))
        return lambda: next(left, None) is not None

    history = await soak(record_folder, sqlite_url, some)
    assert len(history.searches) >= 3 * 20
    assert history.copies


@pytest.mark.long
@pytest.mark.timeout(600)
async def test_every_answer_is_right_for_a_version_for_a_minute(
    record_url: str, record_folder: Path, record_property: Callable[[str, object], None]
) -> None:
    end = time.monotonic() + 60

    def for_a_minute() -> GO_ON:
        return lambda: time.monotonic() < end

    history = await soak(record_folder, record_url, for_a_minute)
    record_property("versions", len(history.writes))
    record_property("searches", len(history.searches))
    record_property("of them by graphs", sum(not s.answer.is_exact for s in history.searches))
    record_property("snapshots", len(history.copies))
    assert any(not each.answer.is_exact for each in history.searches)

"""What a writer set out to write and was told, in a file that outlives it; and what follows of it.

Every write is made of its number alone, so that whoever reads the journal knows what it was.
"""

import json
import os
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import orjson

from document_model import Documents, Entry
from embedding_service.indexes.definition import Engine, FieldType, Metric
from embedding_service.indexes.documents import Document, IdempotencyKey
from embedding_service.indexes.records.record import JobState
from embedding_service.indexes.records.standing import FINAL
from embedding_service.jobs.requests import JobFacts
from embedding_service.retrieval.requests import Addition, NewDocument, NewIndex, Search
from embedding_service.retrieval.requests import StoredDocument as Stored
from embedding_service.retrieval.retrieval import Retrieval
from retrievals import OpenIndexes

_DIMENSION = 8
_NAME = "journal"
_IDS = [f"d{number}" for number in range(64)]
_MOST_PUTS = 12
_PAUSE = 0.05
"""Seconds; whoever asks more often is most of what there is to do."""

Content: TypeAlias = dict[str, tuple[int, Entry]]
"""Version and document by id."""

NEW = NewIndex(
    name=_NAME,
    has_model=False,
    dimension=_DIMENSION,
    metric=Metric.DOT,
    engine=Engine.HNSW,
    fields={"number": FieldType.INT},
)


@dataclass(frozen=True, slots=True)
class Write:
    """One call: documents to put, or else ids to remove."""

    number: int
    puts: Sequence[tuple[str, Entry]]
    removals: Sequence[str]

    @classmethod
    def of(cls, number: int) -> "Write":
        """The write of this number."""
        chance = random.Random(number)  # noqa: S311  the same every time
        if chance.random() < 0.2:
            return cls(number, (), chance.choices(_IDS, k=4))
        return cls(
            number,
            [
                (id_, Entry(_draw_vector(chance), f"{number} {id_}", {"number": number}))
                for id_ in chance.choices(_IDS, k=chance.randint(1, _MOST_PUTS))
            ],
            (),
        )

    @property
    def key(self) -> IdempotencyKey:
        """Its name."""
        return IdempotencyKey(str(self.number), b"digest")

    @property
    def addition(self) -> Addition:
        """The documents to put."""
        documents = [
            NewDocument(id_, entry.text, np.array(entry.vector, np.float32), entry.metadata)
            for id_, entry in self.puts
        ]
        return Addition(documents=documents, key=self.key)

    def apply(self, model: Documents) -> None:
        """What comes of it."""
        if self.puts:
            model.put(self.puts)
        else:
            model.remove(self.removals)


class Journal:
    """Lines of [event, number of the write, detail]; each is in the file before its call returns.

    `begin`; then `done` with the version that was answered, or `settled` with whether it was found
    to be there by the process that came after. `published` has no write's number but the version of
    a snapshot.
    """

    def __init__(self, path: Path) -> None:
        """Read what there is."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self.model = Documents(NEW.metric)
        """What must be there, but for the unanswered write."""
        self.unanswered: Write | None = None
        self.was_there = False
        """Whether the unanswered write is known to be in the model."""
        self.next = 0
        self.published = 0
        """Version of the newest snapshot that was acknowledged."""
        self.history: dict[int, Content] = {0: {}}
        """What was there at each version, the unanswered write's too once it is settled."""
        for line in path.read_text().splitlines():
            self._follow(*json.loads(line))

    def tell(self, event: str, number: int, detail: Any = None) -> None:
        """Write a line."""
        os.write(self._file, f"{json.dumps([event, number, detail])}\n".encode())
        self._follow(event, number, detail)

    def _follow(self, event: str, number: int, detail: Any) -> None:
        if event == "published":
            self.published = number
            return
        if event == "begin":
            self.next, self.unanswered, self.was_there = number + 1, Write.of(number), False
            return
        if not self.was_there and detail is not False:
            Write.of(number).apply(self.model)
            self.history[self.model.version] = dict(self.model.entries)
        if event == "settled":
            self.was_there = self.was_there or detail
        else:
            self.unanswered, self.was_there = None, False


async def write(retrieval: Retrieval, journal: Journal) -> None:
    """The next write, or again the one that was not answered: it must be there once."""
    again = journal.unanswered
    chosen = again or Write.of(journal.next)
    was_there = journal.was_there
    if again is None:
        journal.tell("begin", chosen.number)
    if chosen.puts:
        added = await retrieval.add(_NAME, chosen.addition)
        assert added.is_repeated == was_there
        version = added.version
    else:
        version = (await retrieval.remove(_NAME, chosen.removals, chosen.key)).version
    journal.tell("done", chosen.number, version)
    assert version == journal.model.version


async def publish(opened: OpenIndexes, journal: Journal) -> None:
    """Make a snapshot."""
    job = await opened.end_of(await opened.jobs.snapshots.publish(_NAME), _PAUSE)
    assert job.state is JobState.SUCCEEDED, job
    journal.tell("published", _version_of(job))


async def compact(opened: OpenIndexes) -> None:
    """Make all segments one."""
    job = await opened.end_of(await opened.jobs.compact(_NAME), _PAUSE)
    assert job.state is JobState.SUCCEEDED, job


async def check(opened: OpenIndexes, journal: Journal) -> None:
    """What was answered is there, the write that was not is there or not, and nothing else is."""
    await _check_documents(opened.retrieval, journal)
    await _check_snapshots(opened, journal)
    if not opened.record.is_shared:  # else it takes a minute to know that their process is gone
        assert all(job.state in FINAL for job in await opened.jobs.jobs(_NAME))


async def _check_documents(retrieval: Retrieval, journal: Journal) -> None:
    page = await retrieval.page(_NAME, None, 2 * len(_IDS))
    there = _content_of(page.documents)
    pending = journal.unanswered
    if pending is not None and not journal.was_there:
        journal.tell("settled", pending.number, there != journal.model.entries)
    assert there == journal.model.entries
    chance = random.Random(journal.next)  # noqa: S311
    matrix = np.array([_draw_vector(chance) for _ in range(3)], dtype=np.float32)
    search = Search(matrix=matrix, top_k=len(_IDS), is_exact=True)
    for query, answer in zip(matrix.tolist(), await retrieval.search(_NAME, search), strict=True):
        expected = journal.model.search(query)
        assert answer.version == journal.model.version
        assert [hit.id for hit in answer.hits] == [id_ for id_, _ in expected]
        scores = [hit.score for hit in answer.hits]
        np.testing.assert_allclose(scores, [score for _, score in expected], rtol=1e-6)


async def _check_snapshots(opened: OpenIndexes, journal: Journal) -> None:
    """Every one is whole and holds what was there at its version; the acknowledged one is there."""
    snapshots, archive = opened.retrieval.snapshots, opened.archive
    assert archive is not None
    uid = await snapshots.uid(_NAME)
    listed = archive.snapshots(uid)
    assert listed.unreadable == []
    assert journal.published <= max((each.version for each in listed.manifests), default=0)
    for manifest in listed.manifests:
        assert archive.verify(uid, manifest) == []
        documents = [each for part in archive.shelf.documents(uid, manifest) for each in part]
        assert _content_of(documents) == journal.history[manifest.version]


def _content_of(documents: Sequence[Stored | Document]) -> Content:
    return {
        each.id: (
            each.version,
            Entry(tuple(each.vector.tolist()), each.text, orjson.loads(each.metadata or b"null")),
        )
        for each in documents
    }


def _version_of(job: JobFacts) -> int:
    version = job.detail["version"]
    assert isinstance(version, int)
    return version


def _draw_vector(chance: random.Random) -> tuple[float, ...]:
    drawn = [chance.gauss() for _ in range(_DIMENSION)]
    return tuple(np.array(drawn, dtype=np.float32).tolist())

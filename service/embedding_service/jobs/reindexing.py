"""Embeds the texts of one index anew into another: the way to change models.

The copy follows the versions of its source: what is written or removed meanwhile comes at its own
version, until there is nothing that the copy does not have. Nothing is followed after that: writes
to the source are to be stopped, or sent to both, before an alias is switched.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

import numpy as np
import orjson

from embedding_service.errors import DeadlineExceeded, Overloaded, Unavailable
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Document
from embedding_service.indexes.records.record import Record, Standing
from embedding_service.jobs.report import JobFailed, Report
from embedding_service.retrieval.requests import Addition, NewDocument, NewIndex
from embedding_service.retrieval.retrieval import Retrieval

_T = TypeVar("_T")
_AT_ONCE: Final = 256
"""Documents in memory."""
_PATIENCE: Final = 900.0
"""Seconds in which the same step may be refused."""
_MOST_ROUNDS: Final = 100
"""After the first, to catch up with those who write meanwhile."""
_CHECKING: Final = 0.05
"""Share of the work that reading all texts once is."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What was copied in one go."""

    version: int
    """Of the source; all changes up to it are in the copy."""
    documents: int
    is_last: bool
    """Whether that was the source's newest."""


@dataclass(frozen=True, slots=True)
class Reindexing:
    """Of one index into another that is not there yet."""

    source: Definition
    new: NewIndex
    retrieval: Retrieval
    record: Record

    async def run(self, report: Report) -> None:
        """Do it. What fails half way leaves the new index, incomplete, and says so."""
        report.tell("checking")
        await self._check(report)
        await self.retrieval.create(self.new)
        try:
            await self._copy(report)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            raise _incomplete(error, self.new.name) from error

    async def _check(self, report: Report) -> None:
        """Read all documents once. Raises JobFailed where some have no text."""
        total, seen, missing, after = (await self._standing()).count, 0, 0, 0
        while page := await self._patiently(partial(self._page, after)):
            seen, after = seen + len(page), page[-1].key
            missing += sum(document.text is None for document in page)
            report.tell(progress=_CHECKING * min(1.0, seen / max(total, 1)))
        if missing:
            raise JobFailed(
                f"{missing:,} of {seen:,} documents have no text, which is what is embedded; "
                "add them with their texts, or remove them, and start again"
            )

    async def _copy(self, report: Report) -> None:
        total = (await self._standing()).count
        version, copied, rounds = 0, 0, 0
        report.tell("embedding", _CHECKING)
        while rounds <= _MOST_ROUNDS:
            step = await self._patiently(partial(self._copy_some, version))
            version, copied = step.version, copied + step.documents
            done = min(1.0, copied / max(total, 1))
            report.tell(progress=_CHECKING + (1 - _CHECKING) * done, version=version)
            if step.is_last:
                report.tell("catching up")
                standing = await self._patiently(self._standing)
                if standing.version == version:
                    await self._compare(standing, report)
                    return
                rounds += 1
        raise JobFailed(
            f"index {self.source.name!r} is written to faster than it can be copied; "
            "stop writing to it and start again"
        )

    async def _copy_some(self, after: int) -> _Step:
        """Copy the next changes after this version; doing it again changes nothing."""
        uid = self.source.uid
        changes = await asyncio.to_thread(self.record.changes, uid, after, _AT_ONCE)
        keys = [int(key) for key in changes.keys[~changes.is_deleted]]
        documents = list((await asyncio.to_thread(self.record.fetch, uid, keys)).values())
        if documents:
            await self.retrieval.add(self.new.name, _addition_of(documents))
        removed = [changes.ids[row] for row in np.flatnonzero(changes.is_deleted).tolist()]
        if removed:
            await self.retrieval.remove(self.new.name, removed)
        return _Step(changes.version, len(documents), len(changes.keys) < _AT_ONCE)

    async def _compare(self, standing: Standing, report: Report) -> None:
        copy = await self._patiently(partial(self.retrieval.describe, self.new.name))
        if copy.documents != standing.count:
            raise JobFailed(
                f"index {self.source.name!r} has {standing.count:,} documents and "
                f"{self.new.name!r} {copy.documents:,}; something else has written to it"
            )
        report.tell("done", documents=copy.documents)

    async def _page(self, after: int) -> list[Document]:
        return await asyncio.to_thread(self.record.page, self.source.uid, after, _AT_ONCE)

    async def _standing(self) -> Standing:
        return await asyncio.to_thread(self.record.standing, self.source.uid)

    async def _patiently(self, step: Callable[[], Awaitable[_T]]) -> _T:
        """Try again what is refused for now."""
        given_up_at = time.monotonic() + _PATIENCE
        while True:
            try:
                return await step()
            except (Overloaded, Unavailable, DeadlineExceeded) as error:
                if time.monotonic() > given_up_at:
                    raise
                pause = 1.0 if isinstance(error, DeadlineExceeded) else error.retry_after
            await asyncio.sleep(pause)


def _addition_of(documents: Sequence[Document]) -> Addition:
    if missing := sum(document.text is None for document in documents):
        raise JobFailed(f"{missing:,} documents without a text were added meanwhile")
    return Addition(
        documents=[
            NewDocument(
                id=document.id,
                text=document.text,
                vector=None,
                metadata=None if document.metadata is None else orjson.loads(document.metadata),
            )
            for document in documents
        ]
    )


def _incomplete(error: Exception, name: str) -> JobFailed:
    told = str(error)
    return JobFailed(f"{told}; index {name!r} is incomplete: remove it before you start again")

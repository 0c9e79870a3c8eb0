"""The job itself: what is not done yet is sent, some batches at once."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from embedding_service.cli.index.answers import Refused, TooMuch
from embedding_service.cli.index.imports.batches import Batch, cut
from embedding_service.cli.index.imports.mark import Mark
from embedding_service.cli.index.imports.source import Source
from embedding_service.cli.index.imports.survey import locate
from embedding_service.cli.index.indexes import Indexes


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be put into an index."""

    source: Source
    index: str
    """Its own name, no alias: that may be moved on the way."""
    batch_size: int
    in_flight: int
    """Batches at work at once."""


async def run(job: Job, indexes: Indexes, mark: Mark, advance: Callable[[int], None]) -> None:
    """Do the job, or what is left of it above `mark`; `advance` hears of documents that are done.

    Raises:
        Complaint: with `mark` where it is.
    """
    at_work = set[asyncio.Task[None]]()
    position = 0
    try:
        async for batch in _read_ahead(_batches_left(job, mark.number)):
            if len(at_work) == job.in_flight:
                at_work = await _settle(at_work, asyncio.FIRST_COMPLETED)
            at_work.add(asyncio.create_task(_add(job, indexes, mark, position, batch, advance)))
            position += 1
        await _settle(at_work, asyncio.ALL_COMPLETED)
    finally:
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


def _batches_left(job: Job, done: int) -> Iterator[Batch]:
    """The batches above row `done`, the same as in the run before: it ended with one of them."""
    left = (each for each in job.source.filled() if each[0] > done)
    return cut(left, job.batch_size)


async def _read_ahead(batches: Iterator[Batch]) -> AsyncIterator[Batch]:
    """Read in a thread: the event loop may be what feeds the model."""
    while (batch := await asyncio.to_thread(next, batches, None)) is not None:
        yield batch


async def _settle(tasks: set[asyncio.Task[None]], until: str) -> set[asyncio.Task[None]]:
    """Wait, raise what went wrong, and give back what is still at work."""
    if not tasks:
        return tasks
    done, pending = await asyncio.wait(tasks, return_when=until)
    for task in done:
        task.result()
    return pending


async def _add(
    job: Job,
    indexes: Indexes,
    mark: Mark,
    position: int,
    batch: Batch,
    advance: Callable[[int], None],
) -> None:
    await _send(job, indexes, mark, batch)
    mark.finish(position, batch)
    advance(len(batch.numbers))


async def _send(job: Job, indexes: Indexes, mark: Mark, batch: Batch) -> None:
    """Add a batch; what is too much for one request is sent in two."""
    try:
        await indexes.add(job.index, batch.documents, mark.key_of(batch))
    except TooMuch as error:
        if len(batch.numbers) == 1:
            raise job.source.complaint(batch.last, str(error)) from None
        for half in batch.halves():
            await _send(job, indexes, mark, half)
    except Refused as error:
        located = locate(error.issues, batch.numbers)
        if located is None:
            raise
        raise job.source.complaint(*located) from None

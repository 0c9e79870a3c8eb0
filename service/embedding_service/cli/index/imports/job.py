"""The job itself: what is not done yet is sent, some batches at once."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from embedding_service.cli.index.answers import Refused, TooMuch
from embedding_service.cli.index.imports.batches import Batch, cut
from embedding_service.cli.index.imports.mark import Mark
from embedding_service.cli.index.imports.source import Source
from embedding_service.cli.index.imports.survey import locate
from embedding_service.cli.index.indexes import Indexes
from embedding_service.cli.side_by_side import work_side_by_side


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

    async def add(numbered: tuple[int, Batch]) -> None:
        position, batch = numbered
        await _send(job, indexes, mark, batch)
        mark.finish(position, batch)
        advance(len(batch.numbers))

    batches = enumerate(_batches_left(job, mark.number))
    await work_side_by_side(batches, add, job.in_flight)


def _batches_left(job: Job, done: int) -> Iterator[Batch]:
    """The batches above row `done`, the same as in the run before: it ended with one of them."""
    left = (each for each in job.source.filled() if each[0] > done)
    return cut(left, job.batch_size)


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

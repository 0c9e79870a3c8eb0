"""The job itself: what is not done yet is embedded and kept, then the output is put together."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from embedding_service.cli.bulk.durable import replacing
from embedding_service.cli.bulk.encoders import Encoder, Identity, Options
from embedding_service.cli.bulk.formats import open_output
from embedding_service.cli.bulk.inputs import Input
from embedding_service.cli.bulk.journal import Journal
from embedding_service.cli.bulk.slices import Bounds, Slice, cut
from embedding_service.cli.bulk.survey import Survey, digest_of
from embedding_service.cli.complaints import Complaint
from embedding_service.cli.side_by_side import work_side_by_side


@dataclass(frozen=True, slots=True)
class Job:
    """A file of texts to be made into a file of vectors."""

    source: Input
    output: Path
    survey: Survey
    options: Options
    column: str
    field: str
    """The vectors' column in the output."""
    bounds: Bounds
    in_flight: int
    """Slices at work at once."""


@dataclass(frozen=True, slots=True)
class Report:
    """What has become of a job."""

    texts: int
    dimension: int
    skipped: int
    truncated: list[int]
    """Lines or rows whose texts were cut."""


async def run(
    job: Job, encoder: Encoder, journal: Journal, advance: Callable[[int], None]
) -> Report:
    """Do the job, or what is left of it; `advance` hears of every text that is done.

    Raises:
        Complaint, ServiceError: with the finished slices kept in `journal`.
    """
    identity = await encoder.identify()
    journal.begin(_manifest(job, identity))
    done = journal.done()

    async def embed(piece: Slice) -> None:
        if piece.index not in done:
            await _embed(piece, job, encoder, journal)
        advance(len(piece.texts))

    await work_side_by_side(cut(job.source, job.bounds), embed, job.in_flight)
    return await asyncio.to_thread(_assemble, job, journal)


def _manifest(job: Job, identity: Identity) -> dict[str, object]:
    return {
        "input": job.survey.digest,
        "texts": job.survey.texts,
        "column": job.column,
        "model": identity.model,
        "fingerprint": identity.fingerprint,
        **job.options.as_json(),
        "slice_texts": job.bounds.texts,
        "slice_chars": job.bounds.chars,
    }


async def _embed(piece: Slice, job: Job, encoder: Encoder, journal: Journal) -> None:
    vectors = await encoder.embed(piece.texts)
    if len(vectors.matrix) != len(piece.texts):
        raise Complaint(
            f"{len(vectors.matrix)} vectors came back for {len(piece.texts)} texts "
            f"({job.source.noun} {piece.numbers[0]} to {piece.numbers[-1]})"
        )
    await asyncio.to_thread(journal.write, piece.index, vectors)


def _assemble(job: Job, journal: Journal) -> Report:
    """Write the output from input and slices, and let it appear in one step."""
    if digest_of(job.source.path) != job.survey.digest:
        raise Complaint(
            f"{job.source.path}: has changed while it was embedded; begin afresh with --restart"
        )
    dimension = journal.read(0).matrix.shape[1]
    truncated = list[int]()
    with replacing(job.output, journal.draft()) as file:
        shape = (job.survey.texts, dimension)
        with closing(open_output(job.output, file, job.source, job.field, shape)) as output:
            for piece in cut(job.source, job.bounds):
                vectors = journal.read(piece.index)
                truncated += [piece.numbers[position] for position in vectors.truncated]
                start = 0
                for rows in piece.columns:
                    output.write(rows, vectors.matrix[start : start + len(rows)])
                    start += len(rows)
    journal.remove()
    return Report(job.survey.texts, dimension, job.survey.skipped, truncated)

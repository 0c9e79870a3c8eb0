"""`gpu-embedding embed`: a file of texts into a file of vectors."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import typer
from rich.console import Console

from embedding_service.cli.bulk.encoders import Encoder, Options
from embedding_service.cli.bulk.formats import check_field, check_output, open_input
from embedding_service.cli.bulk.job import Job, Report, run
from embedding_service.cli.bulk.journal import Journal, open_journal
from embedding_service.cli.bulk.local import LocalEncoder
from embedding_service.cli.bulk.progress import build_progress
from embedding_service.cli.bulk.remote import RemoteEncoder, open_client
from embedding_service.cli.bulk.slices import SLICE_TEXTS, Bounds
from embedding_service.cli.bulk.survey import survey
from embedding_service.cli.choice import as_setting, choose_model
from embedding_service.cli.complaints import Complaint
from embedding_service.environment import load_settings
from embedding_service.telemetry.logs import configure_logs

_TIMEOUT = 600.0
"""Seconds a server may take for one slice."""
_LONGEST = 86_400.0
"""Seconds, the most that settings take: nobody waits for one slice of a local job."""
_IN_FLIGHT = 2
"""While one slice is saved and read, the other keeps the device busy."""
_MOST_NAMED = 10


@dataclass(frozen=True, slots=True)
class _Place:
    """Where texts are embedded."""

    url: str | None
    api_key: str | None
    model: str | None
    batch_size: int | None


def embed(  # noqa: PLR0913, PLR0917  a command's options are its arguments
    source: Annotated[Path, typer.Argument(metavar="INPUT", help=".txt, .csv, .jsonl, .parquet")],
    output: Annotated[Path, typer.Argument(metavar="OUTPUT", help=".parquet, .jsonl, .npy")],
    column: Annotated[
        str, typer.Option("--column", "--field", help="Column or field of the texts.")
    ] = "text",
    embedding_column: Annotated[
        str, typer.Option(help="Column or field of the vectors in the output.")
    ] = "embedding",
    url: Annotated[
        str | None,
        typer.Option(help="Embed on the server at this address instead of in this process."),
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="GPU_EMBEDDING_API_KEY", help="The server's key."),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="A served name or, without --url, a reference (see `models`)."),
    ] = None,
    normalise: Annotated[
        bool,
        typer.Option(
            "--normalise/--no-normalise",
            "--normalize/--no-normalize",
            help="Scale every vector to length 1.",
        ),
    ] = True,
    input_type: Annotated[
        Literal["query", "document"] | None,
        typer.Option(help="Put the model's own prompt of that kind before each text."),
    ] = None,
    dimensions: Annotated[
        int | None, typer.Option(min=1, help="Keep this many leading dimensions.")
    ] = None,
    truncate: Annotated[
        bool, typer.Option(help="Cut texts that are longer than the model reads, or refuse them.")
    ] = True,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Most texts in one forward of the model.")
    ] = None,
    slice_size: Annotated[
        int, typer.Option(min=1, help="Most texts that are saved, and lost by a kill, at once.")
    ] = SLICE_TEXTS,
    skip_empty: Annotated[
        bool, typer.Option("--skip-empty", help="Leave empty and blank texts out.")
    ] = False,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUTPUT.")] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget what an earlier run has finished.")
    ] = False,
) -> None:
    """Embed a file of texts.

    Finished slices are kept in OUTPUT.partial; the same command goes on after a kill. OUTPUT
    appears when it is whole.
    """
    check_output(output)
    if output.exists() and not overwrite:
        raise Complaint(f"{output}: is there already; replace it with --overwrite")
    place = _Place(url, api_key, model, batch_size)
    options = Options(normalise, input_type, dimensions, truncate)
    opened = open_input(source, column)
    check_field(opened, output, embedding_column)
    with open_journal(output, restart=restart) as journal:
        job = Job(
            source=opened,
            output=output,
            survey=survey(opened, skip_empty=skip_empty, limits=load_settings()),
            options=options,
            column=column,
            field=embedding_column,
            bounds=Bounds(texts=slice_size),
            in_flight=_IN_FLIGHT,
        )
        report = _run(job, place, journal)
    typer.echo(_tell(job, report), err=True)


def _run(job: Job, place: _Place, journal: Journal) -> Report:
    async def work() -> Report:
        with build_progress(Console(stderr=True)) as progress:
            task = progress.add_task(job.source.path.name, total=job.survey.texts)
            async with _open_encoder(place, job.options) as encoder:
                return await run(job, encoder, journal, lambda n: progress.advance(task, n))

    try:
        return asyncio.run(work())
    except KeyboardInterrupt:
        typer.echo("Stopped. What is done is kept: run the same command to go on", err=True)
        raise typer.Exit(130) from None


@asynccontextmanager
async def _open_encoder(place: _Place, options: Options) -> AsyncIterator[Encoder]:
    if place.url is not None:
        async with open_client(place.url, place.api_key, _TIMEOUT) as http:
            yield RemoteEncoder(http, options, model=place.model, batch_size=place.batch_size)
        return
    reference, model_options = choose_model(load_settings(), place.model)
    settings = load_settings(
        embedding_model=as_setting(reference),
        allowed_models=(),
        model_options={reference.name: model_options},
        max_wait=_LONGEST,
        request_timeout=_LONGEST,
    )
    from embedding_service.app import open_embedder  # noqa: PLC0415  a second; --url needs it not

    configure_logs(settings.log_format, "warning")
    async with open_embedder(settings) as embedder:
        yield LocalEncoder(embedder, options, place.batch_size)


def _tell(job: Job, report: Report) -> str:
    told = f"{job.output}: {report.texts:,} vectors of {report.dimension} dimensions"
    if report.skipped:
        told += f"; {report.skipped:,} empty texts left out"
    if report.truncated:
        named = ", ".join(str(number) for number in report.truncated[:_MOST_NAMED])
        more = " and more" if len(report.truncated) > _MOST_NAMED else ""
        told += (
            f"; {len(report.truncated):,} texts were longer than the model reads and were cut: "
            f"{job.source.noun} {named}{more}"
        )
    return told

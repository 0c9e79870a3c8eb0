"""`gpu-embedding index import`: documents from a file into an index."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from embedding_service.cli.bulk.journal import Journal, open_journal
from embedding_service.cli.bulk.patience import Patience
from embedding_service.cli.bulk.progress import build_progress
from embedding_service.cli.bulk.survey import digest_of
from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.answers import IndexFacts, Refused
from embedding_service.cli.index.imports.columns import REST, Columns, Reading
from embedding_service.cli.index.imports.job import Job, run
from embedding_service.cli.index.imports.mark import Mark
from embedding_service.cli.index.imports.source import Source
from embedding_service.cli.index.imports.survey import Survey, define, survey
from embedding_service.cli.index.imports.tables import Table, open_table
from embedding_service.cli.index.indexes import Indexes
from embedding_service.cli.index.options import (
    ApiKey,
    Dimension,
    EngineOption,
    Fields,
    MetricOption,
    Model,
    Name,
    NoModel,
    Url,
    check_model,
    parse_fields,
)
from embedding_service.environment import load_settings
from embedding_service.indexes.definition import Engine, Metric
from embedding_service.retrieval.requests import NewIndex

_IN_FLIGHT = 4
"""While some are embedded or committed, others are read and sent."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What is to be imported, and how."""

    new: NewIndex
    is_made: bool
    """Whether the index is made where it is not there."""
    table: Table
    columns: Columns
    batch_size: int
    skip_empty: bool
    restart: bool


def import_file(  # noqa: PLR0913, PLR0917  a command's options are its arguments
    name: Name,
    source: Annotated[Path, typer.Argument(metavar="FILE", help=".csv, .jsonl, .parquet")],
    id_column: Annotated[
        str | None,
        typer.Option(help="`id` without this. A document without an id gets one of file and row."),
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="`text` without this.")] = None,
    vector_column: Annotated[
        str | None,
        typer.Option(help="`vector` without this: numbers, or base64 of little-endian float32."),
    ] = None,
    metadata_column: Annotated[
        list[str] | None,
        typer.Option(
            help="A field of the metadata; may be repeated. `rest` is all other columns. Without "
            "this the column `metadata`, of JSON objects, is all of it."
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(min=1, help="Most documents added at once.")] = 256,
    skip_empty: Annotated[
        bool, typer.Option("--skip-empty", help="Leave rows with neither text nor vector out.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget what an earlier run has finished.")
    ] = False,
    create: Annotated[
        bool, typer.Option("--create", help="Make the index, where it is not there, as below.")
    ] = False,
    model: Model = None,
    no_model: NoModel = False,
    dimension: Dimension = None,
    metric: MetricOption = Metric.COSINE,
    engine: EngineOption = Engine.AUTO,
    field: Fields = None,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Add the documents of a file, or put them in the place of those with their ids.

    What is done is remembered in FILE.import-NAME.partial; the same command goes on after a kill.
    """
    check_model(model, dimension, no_model=no_model)
    new = NewIndex(
        name=name,
        model=model,
        has_model=not no_model,
        dimension=dimension,
        metric=metric,
        engine=engine,
        fields=parse_fields(field),
    )
    if not create and new != NewIndex(name=name):
        raise typer.BadParameter("how to make the index goes with --create", param_hint="--create")
    metadata = tuple(dict.fromkeys(metadata_column or ()))
    if REST in metadata and len(metadata) > 1:
        raise typer.BadParameter("`rest` is given alone", param_hint="--metadata-column")
    columns = Columns(id_column, text_column, vector_column, metadata)
    table = open_table(source, columns.vectors)
    order = _Order(new, create, table, columns, batch_size, skip_empty, restart)
    report = ask(
        Place(url, api_key),
        lambda indexes: _import(indexes, order),
        patience=Patience(),
        farewell="Stopped. What is done is kept: run the same command to go on",
    )
    typer.echo(report, err=True)


async def _import(indexes: Indexes, order: _Order) -> str:
    """Do what is ordered, and tell what became of it."""
    path = order.table.path
    digest = await asyncio.to_thread(digest_of, path)
    facts = await _find(indexes, order)
    target = path.with_name(f"{path.name}.import-{facts['name']}")
    with open_journal(target, restart=order.restart) as journal:
        reading = Reading(order.columns, define(facts).fields, order.table.has_types, digest[:16])
        source = Source(order.table, reading)
        found = await survey(source, define(facts), load_settings(), skip_empty=order.skip_empty)
        journal.begin(
            {
                "input": digest,
                "index": facts["uid"],
                **order.columns.as_json(),
                "batch_size": order.batch_size,
            }
        )
        mark = Mark(journal.folder, digest)
        earlier = mark.documents
        in_flight = 1 if found.has_twins else _IN_FLIGHT
        job = Job(source, facts["name"], order.batch_size, in_flight)
        await _run(job, indexes, mark, found)
        await _finish(journal, path, digest)
    return _tell(facts["name"], path, found, earlier)


async def _find(indexes: Indexes, order: _Order) -> IndexFacts:
    try:
        return await indexes.describe(order.new.name)
    except Refused as error:
        if error.code != "not_found":
            raise
        if not order.is_made:
            raise Complaint(f"{error}. Make it first, or with --create") from None
    return await indexes.create(order.new)


async def _run(job: Job, indexes: Indexes, mark: Mark, found: Survey) -> None:
    with build_progress(Console(stderr=True)) as bar:
        task = bar.add_task(
            job.source.table.path.name, total=found.documents, completed=mark.documents
        )
        await run(job, indexes, mark, lambda count: bar.advance(task, count))


async def _finish(journal: Journal, path: Path, digest: str) -> None:
    if await asyncio.to_thread(digest_of, path) != digest:
        raise Complaint(
            f"{path}: has changed while it was imported; import it again with --restart"
        )
    journal.remove()


def _tell(name: str, path: Path, found: Survey, earlier: int) -> str:
    told = f"{name}: {found.documents:,} documents of {path.name}"
    if earlier:
        told += f", {earlier:,} of them by an earlier run"
    if found.skipped:
        told += f"; {found.skipped:,} rows with neither text nor vector left out"
    return told

"""`gpu-embedding models`: fetch, list and identify models."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from embedding_service.cli.choice import choose_model
from embedding_service.cli.complaints import Complaint
from embedding_service.environment import load_settings
from embedding_service.inference.models.fingerprint import digest_files, fingerprint_of_hashing
from embedding_service.inference.models.fingerprint import fingerprint as take_fingerprint
from embedding_service.inference.models.options import read_max_length
from embedding_service.inference.models.prompts import read_prompts
from embedding_service.inference.models.sources import find_local, locate
from embedding_service.references import Reference, Source
from embedding_service.settings import ModelOptions

_Reference = Annotated[
    str,
    typer.Argument(
        metavar="REFERENCE",
        help="A served name, a hub id, a folder (./model), package:NAME or hashing:DIM.",
    ),
]


def build_app() -> typer.Typer:
    """The commands of this group."""
    app = typer.Typer(help="Fetch, list and identify models.", no_args_is_help=True)
    app.command()(fetch)
    app.command("list")(list_models)
    app.command()(fingerprint)
    return app


def fetch(reference: _Reference) -> None:
    """Download a model, or find it, check its files and show its folder."""
    chosen, _ = choose_model(load_settings(), reference)
    if chosen.source is Source.HASHING:
        raise Complaint(f"{chosen} has no files; there is nothing to fetch")
    folder = locate(chosen)
    typer.echo(f"{chosen} is complete: {_size(folder)}", err=True)
    typer.echo(folder)


def list_models() -> None:
    """Show the models that the settings name, and which of them are on this machine."""
    settings = load_settings()
    table = Table(box=None, pad_edge=False)
    for heading in ("Name", "Reference", "On this machine", "Size"):
        table.add_column(heading, overflow="fold")
    for reference in settings.references:
        name = reference.name + (" (default)" if reference == settings.references[0] else "")
        table.add_row(name, str(reference), *_state(reference))
    Console().print(table)


def fingerprint(reference: _Reference) -> None:
    """Show a model's fingerprint; two models with the same one give the same vectors."""
    chosen, options = choose_model(load_settings(), reference)
    typer.echo(_fingerprint(chosen, options))


def _fingerprint(reference: Reference, options: ModelOptions) -> str:
    if reference.source is Source.HASHING:
        return fingerprint_of_hashing(int(reference.target), options.max_length)
    folder = locate(reference)
    prompts, default_prompt_name = read_prompts(folder)
    return take_fingerprint(
        digest_files(folder),
        max_length=options.max_length or read_max_length(folder),
        prompts=prompts,
        default_prompt_name=default_prompt_name,
    )


def _state(reference: Reference) -> tuple[str, str]:
    if reference.source is Source.HASHING:
        return "needs no files", ""
    folder = find_local(reference)
    if folder is None:
        return "no; `models fetch` gets it", ""
    return str(folder), _size(folder)


def _size(folder: Path) -> str:
    total = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{total / 1e6:,.1f} MB"

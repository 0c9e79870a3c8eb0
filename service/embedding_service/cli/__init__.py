"""The command line: one file a command, and `main`, which puts them together."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from embedding_service import __version__
from embedding_service.cli import doctor, embed, index, keys, models, serve
from embedding_service.cli.complaints import Complaint, word
from embedding_service.environment import BadSettings
from embedding_service.errors import ServiceError


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 a person must act, 2 wrongly called, 130 stopped."""
    try:
        build_app()(args=arguments, prog_name="gpu-embedding")
    except (Complaint, ServiceError, BadSettings, OSError) as error:
        typer.secho(word(error), err=True, fg=typer.colors.RED)
        sys.exit(1)


def build_app() -> typer.Typer:
    """All commands."""
    app = typer.Typer(
        help="Embeddings on GPUs: a server, and tools around it.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    app.callback()(_options)
    app.command()(serve.serve)
    app.command()(embed.embed)
    app.command()(doctor.doctor)
    app.add_typer(index.build_app(), name="index")
    app.add_typer(models.build_app(), name="models")
    app.add_typer(keys.build_app(), name="keys")
    return app


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(__version__)
        raise typer.Exit


def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Show the version and leave."
        ),
    ] = False,
) -> None:
    # Takes options before the command; a docstring would replace the help of the whole program.
    pass

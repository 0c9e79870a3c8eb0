"""`gpu-embedding keys`: API keys for a server."""

from typing import Annotated

import typer

from embedding_service.api.keys import new_key
from embedding_service.cli.complaints import Complaint


def build_app() -> typer.Typer:
    """The commands of this group."""
    app = typer.Typer(help="Make API keys.", no_args_is_help=True)
    app.callback()(lambda: None)  # keeps `new` a word of its own while it is the only command
    app.command()(new)
    return app


def new(
    name: Annotated[str, typer.Argument(help="Who will use it; shown in logs.")],
    rate: Annotated[int | None, typer.Option(min=1, help="Requests a second.")] = None,
    concurrency: Annotated[int | None, typer.Option(min=1, help="Requests at once.")] = None,
) -> None:
    """Make a key: show its secret once, and the lines to add to API_KEYS_FILE.

    The lines go to standard output, so that they can be appended with >>; the rest does not.
    """
    try:
        secret, lines = new_key(name)
    except ValueError as error:
        raise Complaint(str(error)) from None
    bounds = {"rate": rate, "concurrency": concurrency}
    lines += "".join(f"{bound} = {value}\n" for bound, value in bounds.items() if value)
    typer.echo(f"Secret of {name}, shown this once: {secret}", err=True)
    typer.echo("Add these lines to the file that API_KEYS_FILE names:", err=True)
    typer.echo(lines, nl=False)

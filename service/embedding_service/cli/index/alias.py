"""`gpu-embedding index alias`."""

from typing import Annotated

import typer

from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.options import ApiKey, AsJson, Url
from embedding_service.cli.index.printing import print_json, print_table


def alias(
    alias: Annotated[str | None, typer.Argument(metavar="ALIAS", help="The second name.")] = None,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The index it means.")] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take ALIAS away.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Point ALIAS at an index, in one step; without arguments, show all aliases."""
    place = Place(url, api_key)
    if alias is None and not remove:
        _list(place, as_json=as_json)
    elif alias is not None and name is not None and not remove:
        ask(place, lambda indexes: indexes.point(alias, name))
        typer.echo(f"{alias} is {name} now")
    elif alias is not None and name is None and remove:
        ask(place, lambda indexes: indexes.unpoint(alias))
        typer.echo(f"{alias} removed")
    else:
        raise typer.BadParameter("give ALIAS NAME, --remove ALIAS, or nothing")


def _list(place: Place, *, as_json: bool) -> None:
    found = ask(place, lambda indexes: indexes.aliases())
    if as_json:
        print_json({"aliases": found})
    else:
        print_table(("Alias", "Index"), sorted(found.items()))

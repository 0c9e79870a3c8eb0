"""`gpu-embedding index delete`."""

from typing import Annotated

import typer

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.options import ApiKey, Condition, Name, Url, parse_condition


def delete(
    name: Name,
    ids: Annotated[
        list[str] | None, typer.Option("--id", help="Remove this document; may be repeated.")
    ] = None,
    condition: Condition = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name again.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
) -> None:
    """Remove an index with all its documents, or, with --id or --filter, only those documents."""
    parsed = parse_condition(condition)
    if ids and parsed is not None:
        raise typer.BadParameter("give one of them", param_hint="--id, --filter")
    place = Place(url, api_key)
    if parsed is not None:
        removed = ask(place, lambda indexes: indexes.remove_where(name, parsed))
        typer.echo(f"{removed['count']:,} documents removed")
    elif ids:
        removed = ask(place, lambda indexes: indexes.remove(name, ids))
        missing = [each for each in dict.fromkeys(ids) if each not in set(removed["ids"])]
        told = f"; not there: {', '.join(missing)}" if missing else ""
        typer.echo(f"{removed['count']:,} documents removed{told}")
    else:
        _drop(place, name, is_confirmed=yes)


def _drop(place: Place, name: str, *, is_confirmed: bool) -> None:
    if not is_confirmed:
        facts = ask(place, lambda indexes: indexes.describe(name))
        if facts["name"] != name:
            raise Complaint(
                f"{name} is an alias of {facts['name']}; delete the index by its own name, or the "
                f"alias with `alias --remove {name}`"
            )
        question = f"{facts['documents']:,} documents go for ever. The index's name again"
        if typer.prompt(question, err=True) != name:
            raise Complaint(f"that is not {name}; nothing was deleted")
    ask(place, lambda indexes: indexes.drop(name))
    typer.echo(f"{name} deleted")

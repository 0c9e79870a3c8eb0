"""`gpu-embedding index snapshot`, `restore` and `check`."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.progress import Progress

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.access import Place, ask
from embedding_service.cli.index.answers import SnapshotFacts
from embedding_service.cli.index.indexes import Indexes
from embedding_service.cli.index.options import ApiKey, AsJson, Name, Url
from embedding_service.cli.index.printing import print_json, print_table

_PERIOD: Final = 0.2
"""Seconds between two looks at a job."""
_NEWEST: Final = "newest"


def snapshot(
    name: Name,
    listed: Annotated[bool, typer.Option("--list", help="Show those there are instead.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Copy an index, with all it needs to be made again anywhere, to where SNAPSHOT_URL says."""
    place = Place(url, api_key)
    if listed:
        _list(place, name, as_json=as_json)
        return
    made = _work(place, name, "snapshots", {})
    if as_json:
        print_json(made)
        return
    typer.echo(
        f"{name}: snapshot {made['snapshot']} of {made['count']:,} documents at version "
        f"{made['version']:,}, {_size(made['size_bytes'])}"
    )


def restore(  # noqa: PLR0913, PLR0917  a command's options are its arguments
    name: Name,
    id_: Annotated[str, typer.Option("--snapshot", metavar="ID", help="Which one.")] = _NEWEST,
    into: Annotated[
        str | None, typer.Option(metavar="NEW", help="Make a new index of it, of this name.")
    ] = None,
    from_uid: Annotated[
        str | None,
        typer.Option(metavar="UID", help="Of the index it was made of, if another's or gone."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask for the name again.")] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Put a snapshot back: over the index itself, or with --into as a new one.

    An index that is gone is made again under NAME, when --from-uid tells its snapshots.
    """
    place = Place(url, api_key)
    body = {"snapshot": id_, "into": into, "from_uid": from_uid}
    if into is None:
        question = "What the snapshot does not have goes for ever. The index's name again"
        if not yes and typer.prompt(question, err=True) != name:
            raise Complaint(f"that is not {name}; nothing was restored")
        body["confirm"] = name
    done = _work(place, name, "restore", body)
    if as_json:
        print_json(done)
        return
    typer.echo(
        f"{done['index']}: {done['written']:,} of {done['count']:,} documents put back, "
        f"{done['removed']:,} removed; version {done['version']:,}"
    )


def check(
    name: Name,
    id_: Annotated[
        str | None, typer.Option("--snapshot", metavar="ID", help="This snapshot's files as well.")
    ] = None,
    repair: Annotated[
        bool, typer.Option("--repair", help="Make anew what is derived, where it is wrong.")
    ] = False,
    url: Url = None,
    api_key: ApiKey = None,
    as_json: AsJson = False,
) -> None:
    """Read every document, and compare what is searched with them; 1 where anything is wrong."""
    place = Place(url, api_key)
    found = _work(place, name, "check", {"repair": repair})
    problems: list[str] = list(found["problems"])
    if id_ is not None:
        verified = ask(place, lambda indexes: indexes.verify(name, id_))
        problems += verified
    if as_json:
        print_json({**found, "problems": problems})
    else:
        for problem in problems:
            typer.echo(problem)
        verdict = "sound" if not problems else f"{len(problems):,} problems"
        repaired = "; what is searched was made anew" if found["repaired"] else ""
        typer.echo(f"{name}: {found['documents']:,} documents read: {verdict}{repaired}")
    if problems and not (found["repaired"] and len(problems) == len(found["problems"])):
        raise typer.Exit(1)


def _list(place: Place, name: str, *, as_json: bool) -> None:
    found = ask(place, lambda indexes: indexes.snapshots(name))
    if as_json:
        print_json({"snapshots": found})
        return
    headings = ("Snapshot", "Created", "Version", "Documents", "Size", "Fault")
    print_table(headings, [_row(each) for each in found])


def _row(facts: SnapshotFacts) -> tuple[str, ...]:
    if facts["fault"] is not None:
        return ("", "", "", "", "", facts["fault"])
    return (
        facts["id"],
        facts["created"],
        f"{facts['version']:,}",
        f"{facts['count']:,}",
        _size(facts["size_bytes"]),
        "",
    )


def _work(place: Place, name: str, verb: str, body: Mapping[str, object]) -> dict[str, Any]:
    """Do a job to its end; what it tells. Raises Complaint where it fails."""

    async def work(indexes: Indexes) -> dict[str, Any]:
        console = Console(stderr=True)
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            job = await indexes.begin(name, verb, body)
            task = progress.add_task(f"{name}: {job['kind']}", total=1.0)
            while job["state"] in {"queued", "running"}:
                await asyncio.sleep(_PERIOD)
                job = await indexes.job(job)
                progress.update(task, completed=job["progress"])
        if job["state"] != "succeeded":
            raise Complaint(f"{name}: {job['error']}")
        return job["detail"]

    return ask(place, work, farewell="Stopped looking; on a server, the job goes on")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB"

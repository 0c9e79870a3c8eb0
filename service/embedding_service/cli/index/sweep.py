"""`gpu-embedding index sweep`: what an operator has done where no server runs that could do it."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.options import AsJson
from embedding_service.cli.index.printing import print_json
from embedding_service.environment import load_settings
from embedding_service.telemetry.logs import configure_logs

_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
_KEPT: Final = 1
"""Snapshots that stay though nobody holds them: the newest, which servers begin from."""


def sweep(
    made_by: Annotated[
        datetime,
        typer.Option(formats=[_TIME], help="When IDs were listed; later snapshots stay, too."),
    ],
    held: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Snapshots that stay.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Drop the snapshots of the index INDEX_NAME but the newest and those named.

    No server is asked or needed, and one may run meanwhile. Their files go some hours later, when
    this is called again or a server does so.
    """
    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    uid = settings.index_uid or settings.index_name
    if not uid:
        raise Complaint("set INDEX_NAME: snapshots are dropped of that index alone")

    # Here, because it takes a second that --help need not take.
    from embedding_service.indexes.snapshots.retention import Policy  # noqa: PLC0415
    from embedding_service.stores import open_archive  # noqa: PLC0415

    policy = Policy(_KEPT, timedelta(), frozenset(held or ()), made_by.replace(tzinfo=UTC))
    with open_archive(settings) as archive:
        dropped = archive.drop_old(uid, policy)
        archive.collect(uid)
    if as_json:
        print_json({"dropped": dropped})
    else:
        typer.echo(f"{uid}: {len(dropped)} snapshots dropped")

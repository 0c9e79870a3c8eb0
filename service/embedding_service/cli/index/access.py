"""The two ways to indexes: through a server, or by opening them in this process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeVar

import httpx
import typer

from embedding_service.cli.bulk.patience import Patience
from embedding_service.cli.bulk.remote import open_client
from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.indexes import Indexes
from embedding_service.environment import load_settings
from embedding_service.indexes.errors import RecordLocked
from embedding_service.telemetry.logs import configure_logs

if TYPE_CHECKING:
    from embedding_service.app import Application

_T = TypeVar("_T")
_TIMEOUT = 600.0
"""Seconds a server may take for one request."""
_LONGEST = 86_400.0
"""Seconds, the most that settings take: nobody else waits for work in this process."""
_PROBE_TIMEOUT = 5.0
SHORT_PATIENCE: Final = Patience(seconds=30.0)
"""Of somebody who waits for one answer."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where indexes are."""

    url: str | None
    """None is this process."""
    api_key: str | None


def ask(
    place: Place,
    work: Callable[[Indexes], Coroutine[Any, Any, _T]],
    *,
    patience: Patience = SHORT_PATIENCE,
    farewell: str = "Stopped",
) -> _T:
    """What `work` makes of the indexes there; `farewell` is said when it is interrupted."""

    async def run() -> _T:
        async with open_indexes(place, patience) as indexes:
            return await work(indexes)

    try:
        return asyncio.run(run())
    except KeyboardInterrupt:
        typer.echo(farewell, err=True)
        raise typer.Exit(130) from None


@asynccontextmanager
async def open_indexes(place: Place, patience: Patience) -> AsyncIterator[Indexes]:
    """The indexes of the server at `place.url`, else of this machine.

    Where a server has the data folder, that server is asked, if it listens at SERVICE_PORT.

    Raises:
        RecordLocked: another process has the folder. RecordUnavailable: the database does not
        answer.
    """
    url = place.url
    if url is None:
        settings = load_settings(max_wait=_LONGEST, request_timeout=_LONGEST, api_keys_file=None)
        configure_logs(settings.log_format, "warning")
        # Here, because it takes a second; --url needs it not.
        from embedding_service.app import build_application  # noqa: PLC0415

        try:
            application = build_application(settings)
        except RecordLocked:
            url = await _find_server(settings.service_port)
            if url is None:
                raise
            typer.echo(f"{settings.data_dir} is in use; asking the server at {url}", err=True)
        else:
            async with _serve_here(application) as http:
                yield Indexes(http, None, patience)
            return
    async with _open_client(url, place.api_key) as http:
        yield Indexes(http, url, patience)


def _open_client(url: str, api_key: str | None) -> httpx.AsyncClient:
    try:
        return open_client(url, api_key, _TIMEOUT)
    except httpx.InvalidURL as error:
        raise Complaint(f"{url}: is no URL ({error}); correct --url") from None


@asynccontextmanager
async def _serve_here(application: "Application") -> AsyncIterator[httpx.AsyncClient]:
    """The API itself, without a port. A model is loaded when first texts are to be embedded."""
    if application.retrieval is None:
        await application.close()
        raise Complaint(
            "DATABASE_URL=none: no indexes here; name the server that has them with --url"
        )
    try:
        if application.jobs is not None:
            await application.jobs.start()
        await application.retrieval.start()
        transport = httpx.ASGITransport(application.api)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as http:
            yield http
    finally:
        await application.close()


async def _find_server(port: int) -> str | None:
    """The address of the server on this machine, if one lives at `port`."""
    url = f"http://localhost:{port}"
    try:
        async with open_client(url, None, _PROBE_TIMEOUT) as http:
            answer = await http.get("/livez")
    except httpx.TransportError:
        return None
    return url if answer.is_success else None

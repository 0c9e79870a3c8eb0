"""The port to listen on."""

import httpx

from embedding_service.cli.checks.finding import Finding, Level
from embedding_service.settings import Settings

_TIMEOUT = 2.0
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104  the setting's own default


def check_port(settings: Settings) -> Finding:
    """Whether the server could listen, or does already."""
    from embedding_service.server import CannotListen, open_port  # noqa: PLC0415  a slow import

    host, port = settings.service_host, settings.service_port
    try:
        open_port(host, port, "SERVICE_PORT").close()
    except CannotListen as error:
        if _is_ours(host, port):
            return Finding("port", Level.OK, f"{port}: a server of ours answers there")
        return Finding("port", Level.FAILED, str(error))
    return Finding("port", Level.OK, f"{port} on {host} is free" if port else "any free one")


def _is_ours(host: str, port: int) -> bool:
    try:
        answer = httpx.get(f"http://{_EVERYWHERE.get(host, host)}:{port}/livez", timeout=_TIMEOUT)
    except httpx.HTTPError:
        return False
    return answer.is_success

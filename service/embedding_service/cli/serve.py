"""`gpu-embedding serve`: run the service."""

import asyncio

import typer
import uvloop

from embedding_service.environment import child_environment, load_settings
from embedding_service.heap import importing
from embedding_service.inference.ahead import start_ahead
from embedding_service.telemetry.logs import configure_logs


def serve() -> None:
    """Serve embeddings over REST until SIGTERM.

    Settings come from the environment and .env (docs/settings.md).
    """
    settings = load_settings()  # first: FAISS's libraries read the environment as they are loaded
    zygote = start_ahead(settings, child_environment())
    try:
        with importing():
            from embedding_service.server import serve as run_server  # noqa: PLC0415  a second for this

        configure_logs(settings.log_format, settings.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code = runner.run(run_server(settings, zygote))
    finally:
        zygote.end_now()
    raise typer.Exit(code)

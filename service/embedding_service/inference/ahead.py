"""Processes that begin before there is anybody to ask them for anything."""

from collections.abc import Mapping
from contextlib import suppress

from embedding_service.inference.loading import choose_backend
from embedding_service.inference.workers.control import ProcessLost
from embedding_service.inference.workers.hosts import Zygote
from embedding_service.references import Source
from embedding_service.settings import Settings


def start_ahead(settings: Settings, environment: Mapping[str, str]) -> Zygote:
    """A zygote that imports what the default model needs, while its caller imports a server.

    Not started where nothing is to be imported. End it, however the caller ends.
    """
    is_needed = not settings.encoder_url and settings.references[0].source is not Source.HASHING
    zygote = Zygote(environment, choose_backend(settings) if is_needed else None)
    if is_needed:
        with suppress(ProcessLost):  # told when the model is loaded, which starts it again
            zygote.start()
    return zygote

"""The one index of a server that serves no other: made as soon as it can be."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from embedding_service.errors import InvalidRequest, ServiceError
from embedding_service.indexes.errors import Conflict, ManagedElsewhere, NotFound

_PAUSE: Final = 2.0
"""Seconds between two tries."""
_FINAL: Final = (InvalidRequest, ManagedElsewhere)
"""What no waiting mends."""

_log = structlog.stdlib.get_logger(__name__)


async def found(create: Callable[[], Awaitable[object]], name: str, pause: float = _PAUSE) -> None:
    """Create index `name`, unless it is there, however long that takes.

    Its model may be on a server that is not there yet. Raises InvalidRequest: it can never be.
    """
    told = ""
    while True:
        try:
            await create()
        except Conflict:
            return
        except NotFound:  # it was purged, while it was not even there
            return
        except _FINAL:
            raise
        except ServiceError as error:
            if error.message != told:
                told = error.message
                _log.warning("the index cannot be made yet", index=name, reason=told)
            await asyncio.sleep(pause)
        else:
            _log.info("the index has been made", index=name)
            return

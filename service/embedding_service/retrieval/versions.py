"""Waiting on the event loop for what other threads apply."""

import asyncio

from embedding_service.indexes.errors import VersionNotReached
from embedding_service.indexes.index import Index


async def reach(index: Index, version: int | None, seconds: float) -> None:
    """Return when `version` is applied; None is at once. Raises VersionNotReached."""
    if version is None or index.version >= version:
        return
    loop = asyncio.get_running_loop()
    is_applied = asyncio.Event()

    def tell() -> None:
        loop.call_soon_threadsafe(is_applied.set)

    index.when_applied(version, tell)
    try:
        async with asyncio.timeout(seconds):
            await is_applied.wait()
    except TimeoutError:
        raise VersionNotReached(index.definition.name, version, index.version) from None
    finally:
        index.forget(tell)

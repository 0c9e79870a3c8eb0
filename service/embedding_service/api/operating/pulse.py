"""Whether the other server that makes vectors answers, also while nobody searches by text."""

import asyncio

from embedding_service.errors import ServiceError
from embedding_service.inference.encoder import Encoder


class Pulse:
    """Bound to one event loop. However often it is felt, one question at most is under way."""

    def __init__(self, encoder: Encoder) -> None:
        """`encoder` remembers what came of its last question, and asks no more than it must."""
        self._encoder = encoder
        self._asking: asyncio.Task[None] | None = None

    def feel(self) -> None:
        """Have it asked for its default model; what comes of that is seen in its health."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        try:
            await self._encoder.describe()
        except ServiceError:  # as its health tells
            return

"""Whether the other server that makes vectors answers, also while nobody searches by text."""

import asyncio
from typing import Final

from embedding_service.errors import ServiceError
from embedding_service.inference.encoder import Encoder

_MOMENT: Final = 0.25
"""Seconds that an answer is waited for."""


class Pulse:
    """Bound to one event loop. However often it is felt, one question at most is under way."""

    def __init__(self, encoder: Encoder, model: str | None) -> None:
        """`encoder` believes for a while what it was told of `model`, its default one for None."""
        self._encoder = encoder
        self._model = model
        self.fault: ServiceError | None = None
        """Why it told nothing of the model when it was asked last."""
        self.fingerprint: str | None = None
        """Of the model, as it was told last."""
        self._asking: asyncio.Task[None] | None = None

    async def feel(self) -> None:
        """Have it asked for the model; what comes of that after a moment is seen the next time.

        Who feels it once a minute would else hear of each change a minute late.
        """
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        await asyncio.wait({self._asking}, timeout=_MOMENT)

    async def _ask(self) -> None:
        try:
            model = await self._encoder.describe(self._model)
        except ServiceError as error:
            self.fault = error
        else:
            self.fault, self.fingerprint = None, model.fingerprint

"""An answer sent piece by piece."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Stream(StreamingResponse):
    """Closes its source the moment it ends, however it ends, so that work behind it stops as well.

    Starlette's own leaves that to the garbage collector, and listens for the client's end beside
    our listener (middleware/disconnection.py).
    """

    def __init__(
        self, pieces: AsyncGenerator[bytes, None], headers: Mapping[str, str], media_type: str
    ) -> None:
        super().__init__(pieces, headers=headers, media_type=media_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all pieces."""
        async with aclosing(self._pieces):
            await self.stream_response(send)

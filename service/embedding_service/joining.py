"""An answer's head and the beginning of its body in one piece: one system call, one packet."""

import asyncio

_INTERIM = b"HTTP/1.1 100"
_WORTH_COPYING = 65_536
"""Bytes; more of a body is not copied to stand behind its head."""


class JoinedWrites:
    """Stands for a connection's transport while one request is answered.

    uvicorn writes the head, then the body, and uvloop sends each at once (strace; a tenth of what a
    short request costs). The head is held here until the next write, or until `flush`.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._held = b""
        self._has_begun = False

    def write(self, data: bytes) -> None:
        """Send, but for the head, which waits for what follows."""
        if not self._has_begun and not data.startswith(_INTERIM):
            self._has_begun, self._held = True, data
        elif self._held and len(data) <= _WORTH_COPYING:
            held, self._held = self._held, b""
            self._transport.write(held + data)
        else:
            self.flush()
            self._transport.write(data)

    def flush(self) -> None:
        """Send what is held: nothing may follow."""
        if self._held:
            held, self._held = self._held, b""
            self._transport.write(held)

    def close(self) -> None:
        """Close the connection when all is sent."""
        self.flush()
        self._transport.close()

    def is_closing(self) -> bool:
        """Whether nothing more can be sent."""
        return self._transport.is_closing()

"""The front's end of a control channel: blocking calls, from threads, one at a time."""

import contextlib
import socket
import threading
from typing import Any

from embedding_service.inference.workers.wire import receive_control, send_control

PATIENCE = 30.0
"""Seconds; longest a live process takes over a fork."""


class NoProcess(Exception):
    """A process that was asked for is not to be had."""


class ProcessLost(NoProcess):
    """A zygote or host has died, or does not answer."""


class ForkRefused(NoProcess):
    """A healthy process could not fork: too many processes, or no memory for one more."""


class Control:
    """A channel to a zygote or host.

    What goes wrong on it once closes it: later answers would belong to earlier questions.
    """

    def __init__(self, end: socket.socket) -> None:
        self.is_closed = False
        self._end = end
        self._lock = threading.Lock()

    def call(
        self, message: dict[str, Any], end: socket.socket | None = None, seconds: float = PATIENCE
    ) -> dict[str, Any]:
        """Send, with the other process's end of a new channel if given, and wait for the answer.

        Raises ProcessLost, ForkRefused.
        """
        with self._lock:
            try:
                self._end.settimeout(seconds)
                send_control(self._end, message, None if end is None else end.fileno())
            except OSError as error:
                self.close()
                raise ProcessLost(str(error)) from error
            answer = self.wait(seconds)
        if "refused" in answer:
            raise ForkRefused(answer["refused"])
        return answer

    def wait(self, seconds: float) -> dict[str, Any]:
        """Wait for a message that was not asked for. Raises ProcessLost."""
        try:
            self._end.settimeout(seconds)
            received = receive_control(self._end)
        except OSError as error:
            self.close()
            raise ProcessLost(str(error)) from error
        if received is None:
            self.close()
            raise ProcessLost("it has ended")
        return received[0]

    def close(self) -> None:
        """Close the channel, and wake whoever waits on it."""
        self.is_closed = True
        # Closing alone would leave a thread that waits in recv() asleep.
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_RDWR)
        self._end.close()

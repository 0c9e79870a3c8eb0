"""One request's place in the pipeline: where its rows are collected, and whether anybody waits."""

import asyncio
from dataclasses import dataclass

import numpy as np

from embedding_service.errors import ServiceError
from embedding_service.vectors import Matrix


class Ticket:
    """Rows of one request; its future is done when the last row has come, or the first failure."""

    def __init__(
        self, texts: int, dimension: int, *, max_batch_texts: int | None = None, offset: int = 0
    ) -> None:
        self.matrix: Matrix = np.empty((texts, dimension), dtype=np.float32)
        self.max_batch_texts = max_batch_texts
        self.offset = offset
        """Position of the first row's text in the caller's list."""
        self.started_at: float | None = None
        """When the first forward with one of its texts began (time.monotonic)."""
        self.waiting = texts
        """Rows still to come."""
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    @property
    def is_over(self) -> bool:
        """Whether nothing more is expected: answered, failed, cancelled or past its deadline."""
        return self._done.done()

    def start(self, now: float) -> None:
        """Note that a forward with one of its texts begins."""
        if self.started_at is None:
            self.started_at = now

    def deliver(self, position: int, row: Matrix) -> None:
        """Take one row, shape (d,)."""
        if self.is_over:
            return
        self.matrix[position] = row
        self.waiting -= 1
        if self.waiting == 0:
            self._done.set_result(None)

    def fail(self, error: ServiceError) -> None:
        """End the request with an error; its other texts leave the queue by themselves."""
        if not self.is_over:
            self._done.set_exception(error)

    async def wait(self) -> None:
        """Wait for all rows.

        Raises what `fail` was given; a cancelled wait makes the ticket over.
        """
        await self._done


@dataclass(frozen=True, slots=True)
class Seat:
    """One row of a request that a text's vector is for."""

    ticket: Ticket
    position: int
    """Row of the ticket's matrix."""

    @property
    def name(self) -> str:
        """How an error calls the text: by its position in the caller's list."""
        return f"text {self.ticket.offset + self.position}"

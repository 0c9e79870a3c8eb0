"""What a worker answers, whatever its backend does."""

import numpy as np
import pytest

from embedding_service.inference.backends.base import TokenBatch
from embedding_service.inference.backends.hashing import HashingBackend
from embedding_service.inference.workers.process import answer
from embedding_service.inference.workers.wire import Status
from embedding_service.vectors import Matrix

BATCH = TokenBatch(
    ids=np.array([0, 9, 1], dtype=np.int32),
    lengths=np.array([3], dtype=np.int32),
    prompt_lengths=np.zeros(1, dtype=np.int32),
    max_texts=8,
)


class Raising(HashingBackend):
    """A backend whose forward raises, and whose device may be lost by it."""

    def __init__(self, error: Exception, *, is_fatal: bool = False) -> None:
        super().__init__(4)
        self.error = error
        self.fatal = is_fatal
        self.released = 0

    def forward(self, batch: TokenBatch) -> Matrix:
        raise self.error

    def is_fatal(self, error: Exception) -> bool:
        return self.fatal

    def release_memory(self) -> None:
        self.released += 1


def test_rows_are_answered_with_their_size() -> None:
    header, body = answer(HashingBackend(4), BATCH)
    assert (header.status, header.rows, header.columns, header.size) == (Status.DONE, 1, 4, 16)
    assert len(body) == 16


def test_an_error_is_an_answer_with_bounded_words() -> None:
    backend = Raising(ValueError("x" * 10_000))
    header, body = answer(backend, BATCH)
    assert header.status is Status.FAILED
    assert bytes(body).startswith(b"ValueError: xxx")
    assert header.size == len(body) == 500
    assert backend.released == 0


def test_out_of_memory_is_told_apart_and_gives_memory_back() -> None:
    backend = Raising(MemoryError())
    header, _ = answer(backend, BATCH)
    assert header.status is Status.OUT_OF_MEMORY
    assert backend.released == 1


def test_a_lost_device_ends_the_process() -> None:
    with pytest.raises(RuntimeError, match="CUDA"):
        answer(Raising(RuntimeError("CUDA error: device-side assert"), is_fatal=True), BATCH)

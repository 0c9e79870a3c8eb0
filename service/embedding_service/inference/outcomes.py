"""What becomes of a batch whose forward did not end well: pure decisions."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from functools import partial

from embedding_service.errors import InferenceFailed, ServiceError, Unavailable
from embedding_service.inference.batching import Batch, Entry

_LOSSES_ALONE = 2
"""A worker may die of anything once; a text alone in its batch when a second dies is the cause."""
_OUT_OF_MEMORY_RETRY = 5.0


class Failure(Enum):
    """How a forward failed."""

    ERROR = "error"
    CRASH = "crash"
    HANG = "hang"
    OUT_OF_MEMORY = "out_of_memory"


@dataclass(frozen=True, slots=True)
class Consequence:
    """Batches to try again, and the one entry that is given up."""

    again: tuple[Batch, ...]
    failed: tuple[Entry, Callable[[str], ServiceError]] | None = None
    """With what is told of it, given its name."""


def decide(batch: Batch, failure: Failure, message: str) -> Consequence:
    """Halve a batch until the text at fault is alone: it fails, its batch mates do not."""
    if len(batch.entries) > 1:
        return Consequence(batch.split())
    (entry,) = batch.entries
    if failure in {Failure.CRASH, Failure.HANG}:
        entry.losses += 1
        if entry.losses < _LOSSES_ALONE:
            return Consequence((batch,))
    return Consequence((), (entry, partial(_explain, len(entry.ids), failure, message)))


def _explain(tokens: int, failure: Failure, message: str, name: str) -> ServiceError:
    if failure is Failure.OUT_OF_MEMORY:
        return Unavailable(
            f"no memory for a forward of {tokens:,} tokens, not even alone; send shorter texts, "
            "lower the model's max_length in MODEL_OPTIONS, or give the device more memory",
            retry_after=_OUT_OF_MEMORY_RETRY,
        )
    if failure is Failure.ERROR:
        return InferenceFailed(f"the model failed on {name} ({message})")
    ending = "died" if failure is Failure.CRASH else "hung"
    return InferenceFailed(f"the worker {ending} on {name} twice, when it was alone")

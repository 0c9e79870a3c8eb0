"""What makes the server fast, each by the setting that takes it away or adds it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Lever:
    """One."""

    name: str
    title: str
    settings: Mapping[str, str]
    """Of the server that the default one stands beside."""
    is_added: bool = False
    """Whether these settings add the lever; else they take away what is there by default."""


LEVERS: Final[Sequence[Lever]] = (
    Lever("packed", "no padding (`BACKEND=reference` without)", {"BACKEND": "reference"}),
    Lever("prepacked", "prepacked linears (`LINEARS=plain` without)", {"LINEARS": "plain"}),
    Lever(
        "workers",
        "a worker of one thread for each core (one worker of two threads without)",
        {"WORKERS": "1", "WORKER_THREADS": "2"},
    ),
    Lever("cores", "the second core (`WORKERS=1` without)", {"WORKERS": "1"}),
    Lever(
        "budget_small",
        "the budget of a batch (512 tokens without)",
        {"MAX_BATCH_TOKENS": "512"},
    ),
    Lever(
        "budget_large",
        "the budget of a batch (16,384 tokens without)",
        {"MAX_BATCH_TOKENS": "16384"},
    ),
    Lever(
        "batching",
        "batches of several requests (`MAX_BATCH_TEXTS=1` without)",
        {"MAX_BATCH_TEXTS": "1"},
    ),
    Lever("bfloat16", "`DTYPE=bfloat16`", {"DTYPE": "bfloat16"}, is_added=True),
    Lever(
        "cache",
        "`EMBEDDING_CACHE_SIZE=256MiB`, for texts that come again",
        {"EMBEDDING_CACHE_SIZE": "256MiB"},
        is_added=True,
    ),
)
"""In the order of the table. A setting that the server does not have leaves its row empty."""

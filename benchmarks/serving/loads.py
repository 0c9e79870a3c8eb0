"""What is asked of every server: texts, how many a request, and how many requests at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.serving.models import Model
from benchmarks.serving.texts import Writer, count_tokens, read_tokenizer


@dataclass(frozen=True, slots=True)
class Load:
    """One row of the comparison."""

    name: str
    title: str
    texts: str
    """Name of the set."""
    connections: int
    batch: int = 1
    """Texts of one request."""


SINGLE: Final = Load("single_short", "concurrency 1, short", "short", 1)
SHORT: Final = Load("many_short", "concurrency 32, short", "short", 32)
MIXED: Final = Load("many_mixed", "concurrency 32, mixed", "mixed", 32)
BATCHES: Final = Load("batches_medium", "batches of 128, medium", "medium", 1, 128)
LOADS: Final[Sequence[Load]] = (SINGLE, SHORT, MIXED, BATCHES)


@dataclass(frozen=True, slots=True)
class Bodies:
    """The texts of requests, with what they cost."""

    texts: Sequence[Sequence[str]]
    """Of each request."""
    tokens: Sequence[Sequence[int]]
    """The same shape."""

    @property
    def batch(self) -> int:
        """Texts of one request."""
        return len(self.texts[0])


def make_bodies(model: Model, texts: str, count: int, batch: int = 1) -> Bodies:
    """So many requests of `batch` texts each from a set."""
    written = Writer(read_tokenizer(model.folder)).write_set(texts, count * batch)
    return group(model, written, batch)


def make_equal_bodies(model: Model, tokens: int, count: int, batch: int = 1) -> Bodies:
    """The same, of texts of so many tokens each."""
    written = Writer(read_tokenizer(model.folder)).write_tokens(tokens, count * batch)
    return group(model, written, batch)


def group(model: Model, texts: Sequence[str], batch: int) -> Bodies:
    """Requests of `batch` texts each, in order."""
    counts = count_tokens(model, texts)
    starts = range(0, len(texts), batch)
    return Bodies(
        [texts[start : start + batch] for start in starts],
        [counts[start : start + batch] for start in starts],
    )

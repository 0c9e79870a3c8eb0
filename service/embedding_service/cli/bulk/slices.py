"""Cuts an input into slices: the work that is done, and saved, at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pyarrow as pa

from embedding_service.cli.bulk.inputs import Chunk, Input

SLICE_TEXTS = 1024


class Bounds(NamedTuple):
    """Upper bounds of a slice; one text alone may be longer."""

    texts: int = SLICE_TEXTS
    chars: int = 8_000_000
    """Keeps a request below a server's usual bound on bodies, 64 MiB."""


@dataclass(slots=True)
class Slice:
    """Consecutive texts of an input and the rows they stand in."""

    index: int
    numbers: list[int] = field(default_factory=list)
    """Where each text stands in the input, from 1."""
    texts: list[str] = field(default_factory=list)
    columns: list[pa.RecordBatch] = field(default_factory=list)
    """The rows, in pieces."""
    chars: int = 0


def cut(source: Input, bounds: Bounds) -> Iterator[Slice]:
    """The slices of `source`, the same whenever the input is; rows without a text are left out."""
    current = Slice(index=0)
    for chunk in map(without_blank, source.chunks()):
        taken = 0
        for position, text in enumerate(chunk.texts):
            is_full = len(current.texts) == bounds.texts or current.chars + len(text) > bounds.chars
            if is_full and current.texts:
                current.columns.append(chunk.columns.slice(taken, position - taken))
                yield current
                current, taken = Slice(index=current.index + 1), position
            current.numbers.append(chunk.numbers[position])
            current.texts.append(text)
            current.chars += len(text)
        current.columns.append(chunk.columns.slice(taken))
    if current.texts:
        yield current


@dataclass(frozen=True, slots=True)
class FilledChunk:
    """A chunk in which every row has a text."""

    numbers: Sequence[int]
    texts: list[str]
    columns: pa.RecordBatch


def without_blank(chunk: Chunk) -> FilledChunk:
    """`chunk` without rows whose text is missing, empty or blank."""
    filled = {
        position: text
        for position, text in enumerate(chunk.texts)
        if text is not None and text.strip()
    }
    texts = list(filled.values())
    if len(texts) == len(chunk.texts):
        return FilledChunk(chunk.numbers, texts, chunk.columns)
    rows = chunk.columns.take(pa.array(list(filled), pa.int64()))
    return FilledChunk([chunk.numbers[position] for position in filled], texts, rows)


def blank_numbers(chunk: Chunk) -> list[int]:
    """Where rows stand that have no text."""
    pairs = zip(chunk.numbers, chunk.texts, strict=True)
    return [number for number, text in pairs if text is None or not text.strip()]

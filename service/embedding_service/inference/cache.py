"""Rows of texts that were embedded before, in bounded memory: least recently used go first.

A row is kept as the model gave it, before `dimensions` and normalisation, under a digest of all
that it depends on: the model's fingerprint, the code path and number format that run it now, the
prompt, the end that is cut off, and the text itself.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from cachetools import LRUCache

from embedding_service.inference.backends.base import Facts
from embedding_service.inference.requests import Side, TokenIds
from embedding_service.telemetry.metrics import Metrics
from embedding_service.vectors import Matrix

Key: TypeAlias = bytes

_DIGEST: Final = 32
"""Bytes: so many that nobody can make two texts share a row."""
_OVERHEAD: Final = 512
"""Bytes of a row beside its numbers: key, objects, places in tables (tracemalloc: 430)."""
_LONGEST: Final = 65_536
"""Characters or ids; longer texts are not kept, as digests are made in the event loop."""
_AT_ONCE: Final = 256
"""Texts that get their digest before others get their turn at the event loop."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a text."""

    row: Matrix
    """Shape (d,)."""
    tokens: int
    is_truncated: bool


class RowCache:
    """One for all models of a process."""

    def __init__(self, size: int, metrics: Metrics) -> None:
        """Hold `size` bytes at most."""
        self._rows = _Rows(size, metrics)
        self._lookups = metrics.cache_lookups
        metrics.cache_bytes.set_function(lambda: self._rows.currsize)

    def find(self, model: str, keys: Sequence[Key | None]) -> dict[int, Known]:
        """What is kept of the texts with these keys, by position."""
        found: dict[int, Known] = {}
        for position, key in enumerate(keys):
            known = None if key is None else self._rows.get(key)
            if known is not None:
                found[position] = known
        self._lookups.labels(model=model, result="hit").inc(len(found))
        self._lookups.labels(model=model, result="miss").inc(len(keys) - len(found))
        return found

    def keep(self, key: Key | None, row: Matrix, tokens: int, *, is_truncated: bool) -> None:
        """Keep a copy of one row, shape (d,), in place of what was used least."""
        known = Known(row.copy(), tokens, is_truncated)
        if key is not None and _size_of(known) <= self._rows.maxsize:
            self._rows[key] = known


class _Rows(LRUCache[Key, Known]):
    """Counts what it drops."""

    def __init__(self, size: int, metrics: Metrics) -> None:
        super().__init__(size, getsizeof=_size_of)
        self._evictions = metrics.cache_evictions

    def popitem(self) -> tuple[Key, Known]:
        self._evictions.inc()
        return super().popitem()


@dataclass(frozen=True, slots=True)
class Recipe:
    """All that the row of a text depends on, but the text."""

    fingerprint: str
    facts: Facts
    prompt: str
    side: Side | None
    vocabulary: str
    """Whose ids are taken; `model` are its own."""

    async def keys_of(self, inputs: Sequence[str] | Sequence[TokenIds]) -> list[Key | None]:
        """A key for each text or list of ids; None where it is too long to be kept."""
        facts = self.facts
        path = (facts.backend, facts.device.partition(":")[0], facts.dtype, facts.linears)
        parts = (self.fingerprint, path, self.prompt, self.side, self.vocabulary)
        base = hashlib.blake2b(repr(parts).encode(), digest_size=_DIGEST)
        keys: list[Key | None] = []
        for each in inputs:
            keys.append(None if len(each) > _LONGEST else _digest(base, each))
            if len(keys) % _AT_ONCE == 0:
                await asyncio.sleep(0)
        return keys


def _digest(base: hashlib.blake2b, text: str | TokenIds) -> Key:
    digest = base.copy()
    if isinstance(text, str):
        digest.update(b"text" + text.encode())
    else:
        digest.update(b"ids " + ",".join(map(str, text)).encode())
    return digest.digest()


def _size_of(known: Known) -> int:
    return known.row.nbytes + _OVERHEAD

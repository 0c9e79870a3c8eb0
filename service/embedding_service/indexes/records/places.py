"""Where a document's row stands: index and key in one number."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

from embedding_service.indexes.records.schema import KEY_BITS

_T = TypeVar("_T")
_KEYS: Final = (1 << KEY_BITS) - 1
_AT_ONCE: Final = 500
"""Values in one IN list: SQLite may allow 999 parameters, PostgreSQL allows 65,535."""


def to_place(index_id: int, key: int) -> int:
    """The primary key of a row of documents."""
    return index_id << KEY_BITS | key


def to_key(place: int) -> int:
    """The document's number within its index."""
    return place & _KEYS


def in_chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """`values` in pieces that fit into one statement."""
    for start in range(0, len(values), _AT_ONCE):
        yield values[start : start + _AT_ONCE]

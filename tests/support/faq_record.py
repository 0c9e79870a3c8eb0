"""An index of a record, and what is written to it."""

import json
from collections.abc import Sequence

import numpy as np

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.records.record import Quota

FREE = Quota(0, 0)

FAQ = Definition(uid="u-faq", name="faq", dimension=3)

ROW_BYTES = 1 + 4 * 3


def puts(*ids: str, text: str | None = None, value: float = 1.0) -> Puts:
    matrix = np.full((len(ids), 3), value, dtype=np.float32)
    return Puts(ids, [text] * len(ids), [json.dumps({"id": each}).encode() for each in ids], matrix)


def bare(ids: Sequence[str]) -> Puts:
    """Documents of an id and a vector."""
    return Puts(ids, [None] * len(ids), [None] * len(ids), np.ones((len(ids), 3), np.float32))


def named(who: str) -> bytes:
    return json.dumps({"id": who}).encode()

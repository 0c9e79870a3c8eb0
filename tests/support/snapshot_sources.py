"""An index in memory, to make snapshots of: every state of it is one database snapshot."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import numpy as np

from embedding_service.indexes.definition import Definition, FieldType, Metric, ModelPin
from embedding_service.indexes.documents import Document, Scan
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.snapshots.parts import keys_per_part
from embedding_service.indexes.snapshots.source import Segments
from embedding_service.indexes.view import View
from index_model import changes_of, random_rows

DIMENSION = 8
RANGE = keys_per_part(DIMENSION)
"""Keys of one part of the documents."""
CREATED = datetime(2026, 5, 4, 3, 2, 1, 500, tzinfo=UTC)
LIBRARIES = {"gpu-embedding": "0.1.0", "faiss": "1.15.1"}
DEFINITION = Definition(
    "team/7c6e", "books", DIMENSION, Metric.L2,
    fields={"n": FieldType.INT}, model=ModelPin("small", "f" * 64, document_prompt="passage"),
)  # fmt: skip


def document_of(key: int, version: int) -> Document:
    """A document, different at every version, without text or metadata now and then."""
    text = None if key % 5 == 4 else f"Über document {key} at {version} \U0001f40b"
    metadata = None if key % 7 == 6 else f'{{"n":  {key}, "é": [1.50]}}'.encode()
    vector = np.random.default_rng([key, version]).standard_normal(DIMENSION).astype(np.float32)
    return Document(key, version, f"id {key}", text, metadata, vector)


@dataclass
class CopiedIndex:
    """Documents by key, three ranges of them at first."""

    definition: Definition = DEFINITION
    documents: dict[int, Document] = field(default_factory=dict)
    version: int = 0
    sealed: Segments = field(default_factory=lambda: Segments(0, []))

    @classmethod
    def of(cls, rows: int = 12) -> "CopiedIndex":
        """One with `rows` documents spread over three ranges of keys."""
        index = cls()
        for place in range(rows):
            index.put(place % 3 * RANGE + place // 3 + 1)
        return index

    def put(self, key: int) -> None:
        """Add or replace one document."""
        self.version += 1
        self.documents[key] = document_of(key, self.version)

    def seal(self, rows: int = 40) -> None:
        """Make a sealed segment, of other rows, in which every third counts no more."""
        view = View(replace(self.definition, fields={}))
        view.apply(changes_of(random_rows(rows, DIMENSION), DIMENSION))
        live = Bitmap.of(np.arange(rows) % 3 != 0)
        self.sealed = Segments(self.version, [(concatenate(view.state.parts), live)])

    def segments(self) -> Segments:
        return self.sealed

    @contextmanager
    def scan(self) -> Iterator[Scan]:
        rows = [self.documents[key] for key in sorted(self.documents)]
        yield Scan(
            self.version,
            len(rows),
            iter([rows[start : start + 5] for start in range(0, len(rows), 5)]),
        )

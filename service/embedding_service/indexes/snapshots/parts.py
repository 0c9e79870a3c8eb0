"""Documents as Parquet files, each of a fixed range of keys; the only importer of pyarrow here.

Columns: id (string), key (int64), version (int64), text (string or null), metadata (string or null:
a JSON object, kept to the byte), vector (fixed-size list of d float32). Rows are in the order of
keys; zstd.

The ranges depend on nothing but the dimension, and equal rows make equal bytes (with one version of
pyarrow), so that a range in which nothing changed is the same blob in the next snapshot.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet

from embedding_service.indexes.documents import Document
from embedding_service.vectors import Matrix

_VECTOR_BYTES: Final = 16 << 20
"""Of a part's vectors, at most; sets how many keys it covers."""
_MOST_KEYS: Final = 65_536
_MOST_BYTES: Final = 64 << 20
"""Of texts, metadata and vectors; a range with more becomes several parts."""


@dataclass(frozen=True, slots=True)
class EncodedPart:
    """A part's file, and what it holds."""

    content: bytes
    rows: int
    first_key: int
    last_key: int


def keys_per_part(dimension: int) -> int:
    """How many keys a part covers: a power of two."""
    fitting = max(1, _VECTOR_BYTES // (4 * dimension))
    return min(_MOST_KEYS, 1 << (fitting.bit_length() - 1))


def encode_parts(
    batches: Iterable[Sequence[Document]], dimension: int, most_bytes: int = _MOST_BYTES
) -> Iterator[EncodedPart]:
    """Parquet files of documents that come in the order of their keys; one in memory at a time.

    Raises ValueError when keys do not ascend.
    """
    keys = keys_per_part(dimension)
    rows: list[Document] = []
    size, last_key = 0, 0
    for document in (each for batch in batches for each in batch):
        if document.key <= last_key:
            raise ValueError(f"key {document.key} came after key {last_key}")
        own = _size(document)
        is_same_range = bool(rows) and (document.key - 1) // keys == (rows[0].key - 1) // keys
        if rows and (not is_same_range or size + own > most_bytes):
            yield _encode(rows, dimension)
            rows, size = [], 0
        rows.append(document)
        size += own
        last_key = document.key
    if rows:
        yield _encode(rows, dimension)


def decode_part(content: bytes, dimension: int) -> list[Document]:
    """The documents of one part. Raises ValueError when it is no part of that dimension."""
    try:
        table = pyarrow.parquet.read_table(pa.BufferReader(content), use_threads=False)
    except (pa.ArrowException, OSError) as error:
        raise ValueError(f"it is no Parquet file: {type(error).__name__}") from error
    if not table.schema.equals(_schema(dimension)):
        raise ValueError("its columns are not those of a part of documents")
    columns = table.combine_chunks()
    vectors = [_vectors(chunk, dimension) for chunk in columns["vector"].chunks]
    return [
        Document(key, version, id, text, metadata, vector)
        for key, version, id, text, metadata, vector in zip(  # noqa: A001  the field's own name
            columns["key"].to_pylist(),
            columns["version"].to_pylist(),
            columns["id"].to_pylist(),
            columns["text"].to_pylist(),
            columns["metadata"].cast(pa.binary()).to_pylist(),
            itertools.chain.from_iterable(vectors),
            strict=True,
        )
    ]


def _vectors(column: object, dimension: int) -> Matrix:
    if not isinstance(column, pa.FixedSizeListArray):
        raise TypeError("the schema has been checked")
    values: Matrix = column.flatten().to_numpy(zero_copy_only=False)
    return values.reshape(-1, dimension)


def _encode(rows: Sequence[Document], dimension: int) -> EncodedPart:
    vectors = np.stack([row.vector for row in rows]).astype(np.float32, copy=False)
    columns: list[pa.Array[Any]] = [
        pa.array([row.id for row in rows], pa.string()),
        pa.array([row.key for row in rows], pa.int64()),
        pa.array([row.version for row in rows], pa.int64()),
        pa.array([row.text for row in rows], pa.string()),
        pa.array([row.metadata for row in rows], pa.binary()).cast(pa.string()),
        pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), dimension),
    ]
    sink = pa.BufferOutputStream()
    pyarrow.parquet.write_table(
        pa.Table.from_arrays(columns, schema=_schema(dimension)),
        sink,
        row_group_size=len(rows),
        compression="zstd",
        use_dictionary=False,
    )
    return EncodedPart(sink.getvalue().to_pybytes(), len(rows), rows[0].key, rows[-1].key)


def _schema(dimension: int) -> pa.Schema:
    fields: list[pa.Field[Any]] = [
        pa.field("id", pa.string(), nullable=False),
        pa.field("key", pa.int64(), nullable=False),
        pa.field("version", pa.int64(), nullable=False),
        pa.field("text", pa.string()),
        pa.field("metadata", pa.string()),
        pa.field("vector", pa.list_(pa.float32(), dimension), nullable=False),
    ]
    return pa.schema(fields)


def _size(document: Document) -> int:
    # Four bytes a character, as UTF-8 has at most: measuring exactly would encode every text twice.
    text = 4 * len(document.text or "")
    return len(document.id) + text + len(document.metadata or b"") + document.vector.nbytes

"""Writes rows and their vectors to a file, one slice after the other."""

import base64
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from embedding_service.cli.bulk.inputs import json_lines
from embedding_service.cli.bulk.json_columns import columns_of
from embedding_service.vectors import Matrix


class Output(Protocol):
    """An open file of vectors."""

    def write(self, rows: pa.RecordBatch, matrix: Matrix) -> None:
        """Add rows, and the vector of each."""

    def close(self) -> None:
        """Finish the file."""


class NpyOutput:
    """One matrix in NumPy's format, without the rows: shape (texts, dimension), float32."""

    def __init__(self, file: BinaryIO, shape: tuple[int, int]) -> None:
        self._file = file
        header = {"descr": "<f4", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)

    def write(self, rows: pa.RecordBatch, matrix: Matrix) -> None:
        """As Output."""
        self._file.write(matrix.astype("<f4", copy=False).tobytes())

    def close(self) -> None:
        """As Output."""


class JsonLinesOutput:
    """The row as a JSON object, with the vector as one more field."""

    def __init__(self, file: BinaryIO, field: str) -> None:
        self._file = file
        self._field = field

    def write(self, rows: pa.RecordBatch, matrix: Matrix) -> None:
        """As Output."""
        for record, vector in zip(_objects(rows), matrix, strict=True):
            line = orjson.dumps(
                record | {self._field: vector},
                default=_as_json,
                option=orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_APPEND_NEWLINE,
            )
            self._file.write(line)

    def close(self) -> None:
        """As Output."""


class ParquetOutput:
    """All columns of the input, and the vectors as a column of fixed-size lists of float32."""

    def __init__(self, file: BinaryIO, columns: pa.Schema, field: str, dimension: int) -> None:
        self._columns = columns
        self._schema = columns.append(pa.field(field, pa.list_(pa.float32(), dimension)))
        self._writer = pyarrow.parquet.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: pa.RecordBatch, matrix: Matrix) -> None:
        """As Output."""
        lines = json_lines(rows)
        if lines is not None:
            rows = columns_of(lines, self._columns)
        vectors = pa.FixedSizeListArray.from_arrays(
            pa.array(matrix.ravel(), pa.float32()), matrix.shape[1]
        )
        self._writer.write_batch(pa.record_batch([*rows.columns, vectors], schema=self._schema))

    def close(self) -> None:
        """As Output."""
        self._writer.close()


def _objects(rows: pa.RecordBatch) -> Iterable[dict[str, Any]]:
    lines = json_lines(rows)
    if lines is not None:
        return (orjson.loads(line) for line in lines)
    return _without_nanoseconds(rows).to_pylist()


def _without_nanoseconds(rows: pa.RecordBatch) -> pa.RecordBatch:
    """Times in microseconds, the finest that Python's own types and JSON have."""
    columns = [
        pyarrow.compute.cast(column, _in_microseconds(column.type), safe=False)
        for column in rows.columns
    ]
    return pa.record_batch(columns, names=rows.schema.names)


def _in_microseconds(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if pa.types.is_duration(kind) and kind.unit == "ns":
        return pa.duration("us")
    if pa.types.is_time64(kind) and kind.unit == "ns":
        return pa.time64("us")
    return kind


def _as_json(value: object) -> object:
    """What orjson does not know: bytes as base64, decimals and durations as strings."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return str(value)
        case _:
            return str(value)

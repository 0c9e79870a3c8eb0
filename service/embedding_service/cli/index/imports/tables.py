"""Reads rows from a file, one after the other; what they mean is columns.py's business."""

import base64
import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, Protocol, TypeAlias, cast

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet
from numpy.typing import NDArray

from embedding_service.cli.bulk.inputs import Csv, TextLines
from embedding_service.cli.complaints import Complaint

SUFFIXES: Final = (".csv", ".jsonl", ".parquet")
_CHUNK_ROWS = 1024
_BUFFER = 1024**2
"""Bytes read at once of each column."""

Row: TypeAlias = dict[str, Any]
"""JSON values by column; a column of vectors in Parquet is NumPy arrays of float32, shape (d,)."""


class Table(Protocol):
    """A file of rows."""

    path: Path
    noun: str
    """What counts its rows: `line` or `row`."""
    has_types: bool
    """Whether a number is a number, and not a text that looks like one."""

    def rows(self) -> Iterator[tuple[int, Row]]:
        """The rows, each with where it stands, from 1. Raises Complaint."""


def open_table(path: Path, vectors: str) -> Table:
    """The rows of `path`, with vectors in column `vectors`. Raises Complaint for other formats."""
    match path.suffix.lower():
        case ".csv":
            return CsvTable(path)
        case ".jsonl":
            return JsonLinesTable(path)
        case ".parquet":
            return ParquetTable(path, vectors)
        case _:
            raise Complaint(
                f"{path}: documents are read from {', '.join(SUFFIXES)}; rename or convert it"
            )


class CsvTable:
    """Comma-separated values under a header: texts alone. An empty one is missing."""

    noun = "row"
    has_types = False

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> Iterator[tuple[int, Row]]:
        """As Table."""
        for chunk in Csv(self.path, self._first_name()).chunks():
            records = chunk.columns.to_pylist()
            for number, record in zip(chunk.numbers, records, strict=True):
                yield number, {name: value or None for name, value in record.items()}

    def _first_name(self) -> str:
        try:
            with self.path.open(newline="", encoding="utf-8-sig") as file:
                names = next(csv.reader(file), []) or [""]
        except (UnicodeDecodeError, csv.Error) as error:
            raise Complaint(f"{self.path}: is no CSV that can be read: {error}") from None
        _check_names(self.path, names)
        return names[0]


class JsonLinesTable:
    """One JSON object a line; blank lines are passed over."""

    noun = "line"
    has_types = True

    def __init__(self, path: Path) -> None:
        self.path = path

    def rows(self) -> Iterator[tuple[int, Row]]:
        """As Table."""
        for chunk in TextLines(self.path).chunks():
            for number, line in zip(chunk.numbers, chunk.texts, strict=True):
                if line and line.strip():
                    yield number, self._parse(line, number)

    def _parse(self, line: str, number: int) -> Row:
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Complaint(f"{self.path}, line {number}: is no JSON: {error.msg}") from None
        if not isinstance(record, dict):
            raise Complaint(f"{self.path}, line {number}: is no JSON object")
        return record


class ParquetTable:
    """A Parquet file. Times without a zone are taken for UTC."""

    noun = "row"
    has_types = True

    def __init__(self, path: Path, vectors: str) -> None:
        self.path = path
        self._vectors = vectors

    def rows(self) -> Iterator[tuple[int, Row]]:
        """As Table."""
        number = 0
        try:
            # By default a row group is read whole, however large: 1.5 GB for a million of 384.
            with pyarrow.parquet.ParquetFile(
                self.path, buffer_size=_BUFFER, pre_buffer=False
            ) as file:
                _check_names(self.path, file.schema_arrow.names)
                for batch in file.iter_batches(_CHUNK_ROWS):
                    for record in self._records(batch):
                        number += 1
                        yield number, record
        except (pa.ArrowException, UnicodeDecodeError, OSError) as error:
            raise Complaint(f"{self.path}: is no Parquet file that can be read: {error}") from None

    def _records(self, batch: pa.RecordBatch) -> Iterator[Row]:
        names = batch.schema.names
        place = names.index(self._vectors) if self._vectors in names else None
        if place is None or not _is_vectors(batch.column(place).type):
            yield from _plain(batch)
            return
        others = _plain(batch.remove_column(place)) if len(names) > 1 else [{}] * len(batch)
        for record, vector in zip(others, _arrays(batch, place), strict=True):
            yield record | {self._vectors: vector}


def _is_vectors(kind: pa.DataType) -> bool:
    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    if not (is_list or pa.types.is_fixed_size_list(kind)):
        return False
    numbers = kind.field(0).type
    return pa.types.is_floating(numbers) or pa.types.is_integer(numbers)


def _arrays(batch: pa.RecordBatch, place: int) -> Iterator[NDArray[np.float32] | None]:
    """Each list of a column as an array, without a Python object for each of its numbers."""
    # Cast from whichever kind of list to the one whose offsets count numbers.
    column = batch.column(place).cast(pa.large_list(pa.float32()), safe=False)
    lists = cast("pa.LargeListArray[Any]", column)
    values = lists.values.to_numpy(zero_copy_only=False)  # null becomes NaN
    ends = lists.offsets.to_numpy()
    for row, is_there in enumerate(lists.is_valid().to_pylist()):
        yield values[ends[row] : ends[row + 1]] if is_there else None


def _plain(batch: pa.RecordBatch) -> list[Row]:
    """The rows as JSON values."""
    columns = [column.cast(_in_microseconds(column.type), safe=False) for column in batch.columns]
    records = pa.record_batch(columns, names=batch.schema.names).to_pylist()
    options = orjson.OPT_NAIVE_UTC | orjson.OPT_NON_STR_KEYS
    plain: list[Row] = orjson.loads(orjson.dumps(records, default=_as_json, option=options))
    return plain


def _in_microseconds(kind: pa.DataType) -> pa.DataType:
    """The finest times that Python has; pandas writes nanoseconds."""
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        return pa.timestamp("us", kind.tz)
    if pa.types.is_time64(kind) and kind.unit == "ns":
        return pa.time64("us")
    if pa.types.is_duration(kind) and kind.unit == "ns":
        return pa.duration("us")
    return kind


def _as_json(value: object) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else str(value)


def _check_names(path: Path, names: list[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise Complaint(f"{path}: has more than one column {twice[0]!r}; rename one")

"""Reads texts, and what stands beside them, from a file. Everything comes in chunks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import orjson
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from embedding_service.cli.complaints import Complaint

_CHUNK_ROWS = 1024
_CHUNK_BYTES = 1024**2
_CSV_BLOCK = 32 * 1024**2
"""Bytes of CSV read at once; a row must fit into one block."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

TEXT = "text"
"""The column that lines of plain text make."""
JSON_LINE = "\0json line"
"""The only column of JSON lines: each line as it stands, because no schema fits all objects."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Consecutive rows of an input."""

    numbers: Sequence[int]
    """Where each row stands, as people count: from 1."""
    texts: list[str | None]
    columns: pa.RecordBatch
    """All columns of the input, the texts' own included."""


class Input(Protocol):
    """A file of texts."""

    path: Path
    noun: str
    """What `Chunk.numbers` counts: `line` or `row`."""

    def chunks(self) -> Iterator[Chunk]:
        """Read the file from its start. Raises Complaint."""


class TextLines:
    """One text a line."""

    noun = "line"

    def __init__(self, path: Path) -> None:
        self.path = path

    def chunks(self) -> Iterator[Chunk]:
        """As Input."""
        with self.path.open("rb") as file:
            for numbers, lines in _lines(file):
                texts = [_decode(line, n, self.path) for n, line in enumerate(lines, numbers[0])]
                column = pa.array(texts, pa.large_string())
                yield Chunk(numbers, list(texts), pa.record_batch([column], names=[TEXT]))


class JsonLines:
    """One JSON object a line, the text in a field of it."""

    noun = "line"

    def __init__(self, path: Path, field: str) -> None:
        self.path = path
        self._field = field

    def chunks(self) -> Iterator[Chunk]:
        """As Input. A blank line is a row without a text."""
        with self.path.open("rb") as file:
            for numbers, lines in _lines(file):
                texts = [self._text(line, number) for number, line in enumerate(lines, numbers[0])]
                column = pa.array(lines, pa.large_binary())
                yield Chunk(numbers, texts, pa.record_batch([column], names=[JSON_LINE]))

    def _text(self, line: bytes, number: int) -> str | None:
        if not line.strip():
            return None
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            raise Complaint(f"{self.path}, line {number}: is no JSON: {error.msg}") from None
        if not isinstance(record, dict):
            raise Complaint(f"{self.path}, line {number}: is no JSON object")
        if self._field not in record:
            raise Complaint(
                f"{self.path}, line {number}: has no field {self._field!r}; it has: "
                f"{', '.join(sorted(record)) or 'none'}. Name the texts' field with --column"
            )
        text = record[self._field]
        if text is not None and not isinstance(text, str):
            raise Complaint(f"{self.path}, line {number}: field {self._field!r} is no string")
        return text


class Csv:
    """Comma-separated values under a header; every value stays the string it is."""

    noun = "row"

    def __init__(self, path: Path, column: str) -> None:
        self.path = path
        self._column = column

    def chunks(self) -> Iterator[Chunk]:
        """As Input. Rows are counted without the header."""
        try:
            with self._open(self._names()) as reader:
                first = 1
                for batch in reader:
                    texts = batch.column(self._column).to_pylist()
                    yield Chunk(range(first, first + len(texts)), texts, batch)
                    first += len(texts)
        except pa.ArrowInvalid as error:
            raise Complaint(f"{self.path}: is no CSV that can be read: {error}") from None

    def _names(self) -> list[str]:
        with self._open([]) as reader:
            names = list(reader.schema.names)
        _check_column(self.path, self._column, names)
        return names

    def _open(self, names: list[str]) -> pyarrow.csv.CSVStreamingReader:
        return pyarrow.csv.open_csv(
            self.path,
            read_options=pyarrow.csv.ReadOptions(block_size=_CSV_BLOCK),
            parse_options=pyarrow.csv.ParseOptions(
                newlines_in_values=True,
                # Elsewhere a blank line is no row; where there is one column it is an empty text.
                ignore_empty_lines=len(names) != 1,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string())
            ),
        )


class Parquet:
    """A Parquet file with the texts in a column of strings."""

    noun = "row"

    def __init__(self, path: Path, column: str) -> None:
        self.path = path
        self._column = column

    def chunks(self) -> Iterator[Chunk]:
        """As Input."""
        try:
            with pyarrow.parquet.ParquetFile(self.path) as file:
                self._check(file.schema_arrow)
                first = 1
                for batch in file.iter_batches(_CHUNK_ROWS):
                    texts: list[Any] = batch.column(self._column).to_pylist()
                    yield Chunk(range(first, first + len(texts)), texts, batch)
                    first += len(texts)
        except pa.ArrowInvalid as error:
            raise Complaint(f"{self.path}: is no Parquet file that can be read: {error}") from None

    def _check(self, schema: pa.Schema) -> None:
        _check_column(self.path, self._column, schema.names)
        kind = schema.field(self._column).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        is_text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        if not (is_text or pa.types.is_string_view(kind)):
            raise Complaint(f"{self.path}: column {self._column!r} is {kind}, not strings")


def json_lines(rows: pa.RecordBatch) -> list[bytes] | None:
    """The lines of JSON that `rows` are; None when they have columns."""
    if rows.schema.names != [JSON_LINE]:
        return None
    return cast("list[bytes]", rows.column(0).to_pylist())


def _check_column(path: Path, column: str, names: Sequence[str]) -> None:
    if names.count(column) != 1:
        fault = "more than one column" if column in names else "no column"
        raise Complaint(
            f"{path}: has {fault} {column!r}; it has: {', '.join(names)}. "
            "Name the texts' column with --column"
        )


def _lines(file: BinaryIO) -> Iterator[tuple[range, list[bytes]]]:
    """Lines without their ends (LF or CR LF, nothing else), about a megabyte at a time."""
    first = 1
    while raw := file.readlines(_CHUNK_BYTES):
        lines = [line.removesuffix(b"\n").removesuffix(b"\r") for line in raw]
        if first == 1:
            lines[0] = lines[0].removeprefix(_BYTE_ORDER_MARK)
        yield range(first, first + len(lines)), lines
        first += len(lines)


def _decode(line: bytes, number: int, path: Path) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise Complaint(
            f"{path}, line {number}: is no UTF-8 from byte {error.start + 1} on; "
            "convert the file, for example with iconv"
        ) from None

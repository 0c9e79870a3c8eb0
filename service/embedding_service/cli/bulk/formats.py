"""Which file formats there are, told by a file's suffix."""

from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from embedding_service.cli.bulk.inputs import (
    Csv,
    Input,
    JsonLines,
    Parquet,
    TextLines,
    json_lines,
)
from embedding_service.cli.bulk.json_columns import infer_schema
from embedding_service.cli.bulk.outputs import JsonLinesOutput, NpyOutput, Output, ParquetOutput
from embedding_service.cli.complaints import Complaint

INPUTS = (".txt", ".csv", ".jsonl", ".parquet")
OUTPUTS = (".parquet", ".jsonl", ".npy")


def open_input(path: Path, column: str) -> Input:
    """The texts of `path`. Raises Complaint for a format that cannot be read."""
    match path.suffix.lower():
        case ".txt":
            return TextLines(path)
        case ".csv":
            return Csv(path, column)
        case ".jsonl":
            return JsonLines(path, column)
        case ".parquet":
            return Parquet(path, column)
        case _:
            raise Complaint(
                f"{path}: texts are read from {', '.join(INPUTS)}; rename or convert it"
            )


def check_output(path: Path) -> None:
    """Raise Complaint for a format that cannot be written."""
    if path.suffix.lower() not in OUTPUTS:
        raise Complaint(f"{path}: vectors are written to {', '.join(OUTPUTS)}; choose one of them")


def open_output(
    path: Path, file: BinaryIO, source: Input, field: str, shape: tuple[int, int]
) -> Output:
    """Begin what will be `path` in `file`: `shape` is texts, dimension."""
    match path.suffix.lower():
        case ".npy":
            return NpyOutput(file, shape)
        case ".jsonl":
            return JsonLinesOutput(file, field)
        case _:
            return ParquetOutput(file, _schema(source), field, shape[1])


def check_field(source: Input, output: Path, field: str) -> None:
    """Raise Complaint if the vectors' field would hide one of the input's."""
    if output.suffix.lower() == ".npy":
        return
    if field in _schema(source).names:
        raise Complaint(
            f"{source.path}: has a column {field!r} already; "
            "name the vectors' column otherwise with --embedding-column"
        )


def _schema(source: Input) -> pa.Schema:
    first = next(source.chunks(), None)
    if first is None:
        return pa.schema([])
    if json_lines(first.columns) is None:
        return first.columns.schema
    return infer_schema(_all_lines(source))


def _all_lines(source: Input) -> Iterator[bytes]:
    for chunk in source.chunks():
        yield from (line for line in json_lines(chunk.columns) or () if line.strip())

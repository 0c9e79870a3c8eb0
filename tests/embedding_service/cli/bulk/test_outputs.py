from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from embedding_service.cli.bulk.inputs import JSON_LINE
from embedding_service.cli.bulk.json_columns import infer_schema
from embedding_service.cli.bulk.outputs import JsonLinesOutput, NpyOutput, Output, ParquetOutput
from embedding_service.vectors import Matrix

matrices = arrays(np.float32, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.floats(
    -1e6, 1e6, width=32, allow_subnormal=False,
))  # fmt: skip


def rows_for(matrix: Matrix) -> pa.RecordBatch:
    return pa.record_batch({"id": pa.array(range(len(matrix)), pa.int64())})


def write(output: Output, rows: pa.RecordBatch, matrix: Matrix) -> None:
    """In two parts, as slices come."""
    middle = len(matrix) // 2
    output.write(rows.slice(0, middle), matrix[:middle])
    output.write(rows.slice(middle), matrix[middle:])
    output.close()


@settings(deadline=None)
@given(matrix=matrices)
def test_npy_is_what_numpy_reads(matrix: Matrix) -> None:
    file = BytesIO()
    write(NpyOutput(file, matrix.shape), rows_for(matrix), matrix)
    file.seek(0)
    found = np.load(file)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, matrix)


@settings(deadline=None)
@given(matrix=matrices)
def test_parquet_gives_rows_and_vectors_back(matrix: Matrix) -> None:
    file = BytesIO()
    rows = rows_for(matrix)
    write(ParquetOutput(file, rows.schema, "vector", matrix.shape[1]), rows, matrix)
    table = pyarrow.parquet.read_table(file)
    assert table.schema.field("vector").type == pa.list_(pa.float32(), matrix.shape[1])
    assert table["id"].to_pylist() == list(range(len(matrix)))
    np.testing.assert_array_equal(np.array(table["vector"].to_pylist(), np.float32), matrix)


@settings(deadline=None)
@given(matrix=matrices)
def test_json_lines_give_rows_and_vectors_back(matrix: Matrix) -> None:
    file = BytesIO()
    write(JsonLinesOutput(file, "vector"), rows_for(matrix), matrix)
    records = [orjson.loads(line) for line in file.getvalue().splitlines()]
    assert [record["id"] for record in records] == list(range(len(matrix)))
    vectors = np.array([record["vector"] for record in records], np.float32)
    np.testing.assert_array_equal(vectors, matrix)


def test_parquet_keeps_the_inputs_own_types() -> None:
    moment = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns", "UTC"))
    rows = pa.record_batch({"when": moment, "tags": pa.array([["a"]], pa.list_(pa.string()))})
    file = BytesIO()
    output = ParquetOutput(file, rows.schema, "vector", 1)
    output.write(rows, np.ones((1, 1), np.float32))
    output.close()
    assert pyarrow.parquet.read_table(file).drop(["vector"]).to_batches()[0].equals(rows)


def test_json_objects_become_columns_in_parquet() -> None:
    lines = [b'{"id": 1, "tags": ["a"]}', b'{"id": 2}']
    rows = pa.record_batch([pa.array(lines, pa.large_binary())], names=[JSON_LINE])
    file = BytesIO()
    output = ParquetOutput(file, infer_schema(lines), "vector", 1)
    output.write(rows, np.ones((2, 1), np.float32))
    output.close()
    found = pyarrow.parquet.read_table(file).drop(["vector"]).to_pylist()
    assert found == [{"id": 1, "tags": '["a"]'}, {"id": 2, "tags": None}]


def test_json_objects_stay_whole_in_json_lines(tmp_path: Path) -> None:
    lines = [b'{"b": {"deep": [1, null]}, "a": 1.5}']
    rows = pa.record_batch([pa.array(lines, pa.large_binary())], names=[JSON_LINE])
    file = BytesIO()
    JsonLinesOutput(file, "vector").write(rows, np.ones((1, 2), np.float32))
    assert file.getvalue() == b'{"b":{"deep":[1,null]},"a":1.5,"vector":[1.0,1.0]}\n'


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([b"\0\xff"]), "AP8="),
        (pa.array([Decimal("1.50")]), "1.50"),
        (pa.array([timedelta(seconds=1.5)]), "0:00:01.500000"),
        (pa.array([datetime(2026, 1, 2, tzinfo=UTC)]), "2026-01-02T00:00:00+00:00"),
        (pa.array([1_000_000_001_999], pa.timestamp("ns")), "1970-01-01T00:16:40.000001"),
        (pa.array([1_999], pa.time64("ns")), "00:00:00.000001"),
        (pa.array([1_999], pa.duration("ns")), "0:00:00.000001"),
        (pa.array([float("nan")]), None),
    ],
    ids=str,
)
def test_columns_that_json_lacks_become_strings(column: Any, expected: Any) -> None:
    file = BytesIO()
    output = JsonLinesOutput(file, "vector")
    output.write(pa.record_batch({"x": column}), np.ones((1, 1), np.float32))
    assert orjson.loads(file.getvalue())["x"] == expected

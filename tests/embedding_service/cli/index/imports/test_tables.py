from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.imports.tables import Row, open_table
from index_commands import vectors, write_vectors


def read(path: Path) -> list[tuple[int, Row]]:
    return list(open_table(path, "vector").rows())


def write(path: Path, **columns: object) -> Path:
    pyarrow.parquet.write_table(pa.table(columns), path)
    return path


def test_csv_is_texts_and_empty_ones_are_missing(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfid,text\n007,"two\nlines"\n,x\n')
    assert read(path) == [(1, {"id": "007", "text": "two\nlines"}), (2, {"id": None, "text": "x"})]


def test_json_lines_are_numbered_as_they_stand(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"a": 1}\r\n\n{"b": [null]}')
    assert read(path) == [(1, {"a": 1}), (3, {"b": [None]})]


def test_parquet_becomes_json_values(tmp_path: Path) -> None:
    nanoseconds = pa.array([1_700_000_000_123_456_789], pa.timestamp("ns"))
    path = write(
        tmp_path / "a.parquet",
        naive=nanoseconds,
        aware=pa.array([datetime(2024, 1, 2, tzinfo=UTC)]),
        time=pa.array([1_000], pa.time64("ns")),
        span=pa.array([1_000], pa.duration("ns")),
        decimal=[Decimal("1.5")],
        raw=[b"x"],
        nan=[float("nan")],
        nested=[{"x": [1, None]}],
    )
    assert read(path) == [
        (
            1,
            {
                "naive": "2023-11-14T22:13:20.123456+00:00",
                "aware": "2024-01-02T00:00:00+00:00",
                "time": "00:00:00.000001",
                "span": "0:00:00.000001",
                "decimal": "1.5",
                "raw": "eA==",
                "nan": None,
                "nested": {"x": [1, None]},
            },
        )
    ]


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float32()),
        pa.list_(pa.float64(), 2),
        pa.large_list(pa.float32()),
        pa.list_(pa.int64()),
    ],
    ids=str,
)
def test_vectors_of_any_kind_of_list(tmp_path: Path, kind: pa.DataType) -> None:
    path = write(tmp_path / "a.parquet", vector=pa.array([[1, 2], None, [3, 4]], kind))
    one, none, other = (row["vector"] for _, row in read(path))
    assert one.dtype == other.dtype == np.float32
    assert (one.tolist(), none, other.tolist()) == ([1, 2], None, [3, 4])


def test_many_rows_come_in_order(tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "a.parquet", vectors(3000), id=range(3000))
    rows = read(path)
    assert [number for number, _ in rows] == list(range(1, 3001))
    assert [row["id"] for _, row in rows] == list(range(3000))
    np.testing.assert_array_equal(np.stack([row["vector"] for _, row in rows]), vectors(3000))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"", "is no CSV that can be read"),
        ("a.csv", b"\n", "is no CSV that can be read"),
        ("a.csv", b"a,b\n1\n", "is no CSV that can be read"),
        ("a.csv", b"a,a\n1,2\n", "has more than one column 'a'"),
        ("a.csv", b"\xe9\n1\n", "is no CSV that can be read"),
        ("a.jsonl", b"{}\n{", "line 2: is no JSON"),
        ("a.jsonl", b"\xff", "line 1: is no UTF-8"),
        ("a.jsonl", b'"text"', "line 1: is no JSON object"),
        ("a.parquet", b"PAR1", "is no Parquet file that can be read"),
    ],
)
def test_what_cannot_be_read_is_told(tmp_path: Path, name: str, content: bytes, told: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(Complaint, match=told):
        read(path)


def test_a_damaged_column_is_told(tmp_path: Path) -> None:
    path = write_vectors(tmp_path / "a.parquet", vectors(3000))
    content = bytearray(path.read_bytes())
    content[4:40] = bytes(36)  # the first page's header
    path.write_bytes(content)
    with pytest.raises(Complaint, match="is no Parquet file that can be read"):
        read(path)

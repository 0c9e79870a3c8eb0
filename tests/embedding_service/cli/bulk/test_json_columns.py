import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedding_service.cli.bulk.json_columns import columns_of, infer_schema


def as_lines(records: list[dict[str, Any]]) -> list[bytes]:
    return [json.dumps(record).encode() for record in records]


def type_of(*values: Any) -> pa.DataType:
    schema = infer_schema(as_lines([{"x": value} for value in values]))
    return schema.types[0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([None], pa.null()),
        ([True, None], pa.bool_()),
        ([None, 1], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([2.5, 2**60 + 1], pa.float64()),
        (["a", None, "b"], pa.string()),
        ([2**63], pa.string()),
        ([1, "a"], pa.string()),
        ([True, 1], pa.string()),
        ([[1]], pa.string()),
        ([{"a": 1}], pa.string()),
    ],
)
def test_a_field_gets_the_type_of_all_its_values(values: list[Any], expected: pa.DataType) -> None:
    assert type_of(*values) == expected


def test_what_no_type_fits_is_kept_as_json() -> None:
    records: list[dict[str, Any]] = [{"x": 1}, {"x": "1"}, {"x": [None]}, {"x": None}, {}]
    schema = infer_schema(as_lines(records))
    columns = columns_of(as_lines(records), schema)
    assert columns.column("x").to_pylist() == ["1", '"1"', "[null]", None, None]


def test_whole_numbers_among_floats_become_floats_however_large() -> None:
    lines = as_lines([{"x": 2.5}, {"x": 2**60 + 1}, {}])
    columns = columns_of(lines, infer_schema(lines))
    assert columns.column("x").to_pylist() == [2.5, float(2**60), None]


def test_fields_stand_in_the_order_they_are_met() -> None:
    assert infer_schema(as_lines([{"b": 1}, {"a": 1, "b": 2}])).names == ["b", "a"]


values = st.none() | st.booleans() | st.integers(-(2**64), 2**64) | st.floats(allow_nan=False) | (
    st.text(st.characters(exclude_categories=["Cs"])) | st.lists(st.integers(0, 9))
)  # fmt: skip


@settings(deadline=None)
@given(records=st.lists(st.dictionaries(st.sampled_from("abc"), values)))
def test_every_object_fits_the_inferred_columns(records: list[dict[str, Any]]) -> None:
    records = [json.loads(json.dumps(record, allow_nan=True)) for record in records]
    lines = [line for line in as_lines(records) if b"Infinity" not in line]
    columns = columns_of(lines, infer_schema(lines))
    assert columns.num_rows in {len(lines), 0}

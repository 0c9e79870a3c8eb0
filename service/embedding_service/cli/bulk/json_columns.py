"""From JSON objects to columns: one type a field, found by looking at every object."""

from collections.abc import Iterable
from typing import Literal, TypeAlias

import orjson
import pyarrow as pa

Kind: TypeAlias = Literal["null", "bool", "int", "float", "string", "json"]

_TYPES: dict[Kind, pa.DataType] = {
    "null": pa.null(),
    "bool": pa.bool_(),
    "int": pa.int64(),
    "float": pa.float64(),
    "string": pa.string(),
    "json": pa.string(),
}
_JSON = {b"json": b"true"}
"""Marks a column of JSON texts: its values are nested, or not all of one type."""


def infer_schema(lines: Iterable[bytes]) -> pa.Schema:
    """One field for each that any object has, in the order they are met."""
    kinds: dict[str, Kind] = {}
    for line in lines:
        for name, value in orjson.loads(line).items():
            kinds[name] = _join(kinds.get(name, "null"), _kind_of(value))
    return pa.schema(
        pa.field(name, _TYPES[kind], metadata=_JSON if kind == "json" else None)
        for name, kind in kinds.items()
    )


def columns_of(lines: Iterable[bytes], schema: pa.Schema) -> pa.RecordBatch:
    """The objects as columns of a schema that was inferred from them; what one lacks is null."""
    records = [orjson.loads(line) for line in lines]
    columns = []
    for field in schema:
        values = [record.get(field.name) for record in records]
        if field.metadata == _JSON:
            values = [None if value is None else orjson.dumps(value).decode() for value in values]
        elif pa.types.is_floating(field.type):
            # Some are whole numbers, which pyarrow takes for floats up to 2**53 only.
            values = [None if value is None else float(value) for value in values]
        columns.append(pa.array(values, field.type))
    return pa.record_batch(columns, schema=schema)


def _kind_of(value: object) -> Kind:
    match value:
        case None:
            return "null"
        case bool():
            return "bool"
        case int():
            return "int" if -(2**63) <= value < 2**63 else "json"
        case float():
            return "float"
        case str():
            return "string"
        case _:
            return "json"


def _join(one: Kind, other: Kind) -> Kind:
    if other in {one, "null"}:
        return one
    if one == "null":
        return other
    return "float" if {one, other} == {"int", "float"} else "json"

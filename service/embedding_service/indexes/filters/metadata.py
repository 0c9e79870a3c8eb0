"""Metadata of documents: checked on its way in, and read for the fields that filters may name."""

from collections.abc import Mapping

import orjson

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.definition import FieldType
from embedding_service.indexes.filters.values import Values, WrongValue, parse_values, read_values


def check_metadata(metadata: Mapping[str, object], fields: Mapping[str, FieldType]) -> None:
    """Raise InvalidRequest unless what is there for declared fields is of their types.

    Null is missing, and missing is allowed; what no field is declared for is free.
    """
    for name, kind in fields.items():
        try:
            parse_values(metadata.get(name), kind)
        except WrongValue as fault:
            path = f"metadata.{name}"
            raise InvalidRequest(f"{path} {fault}", [Issue(str(fault), path=path)]) from None


def read_fields(metadata: bytes | None, fields: Mapping[str, FieldType]) -> Mapping[str, Values]:
    """The values of each of `fields`, from metadata as the record keeps it (a JSON object).

    What is missing, or not of its type, has no values.
    """
    found = orjson.loads(metadata) if metadata else {}
    return {name: read_values(found.get(name), kind) for name, kind in fields.items()}

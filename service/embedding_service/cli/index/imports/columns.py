"""What the columns of a file mean, and so a row as a document."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
import pybase64
from numpy.typing import NDArray

from embedding_service.cli.index.imports.tables import Row
from embedding_service.indexes.definition import FieldType
from embedding_service.retrieval.requests import NewDocument

REST: Final = "rest"
_ID, _TEXT, _VECTOR, _METADATA = "id", "text", "vector", "metadata"
"""Columns as `export` names them."""


class Fault(Exception):
    """A row that is no document."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of columns; None is what `export` calls it, where it is there."""

    id: str | None = None
    text: str | None = None
    vector: str | None = None
    metadata: tuple[str, ...] = ()
    """Each a field of the metadata; `rest` alone is all columns with no other meaning, and none
    is one column of JSON objects."""

    @property
    def vectors(self) -> str:
        """The column of vectors."""
        return self.vector or _VECTOR

    @property
    def demanded(self) -> frozenset[str]:
        """Those that were named, and so must be there."""
        named = {self.id, self.text, self.vector, *self.metadata} - {None, REST}
        return frozenset(name for name in named if name is not None)

    def as_json(self) -> dict[str, object]:
        """For a manifest."""
        return {
            "id_column": self.id,
            "text_column": self.text,
            "vector_column": self.vector,
            "metadata_columns": list(self.metadata),
        }


@dataclass(frozen=True, slots=True)
class Reading:
    """How rows of one file become documents of one index."""

    columns: Columns
    fields: Mapping[str, FieldType]
    """Those that the index declares."""
    has_types: bool
    """As Table."""
    prefix: str
    """Begins the ids of documents without one; the same whenever the file is."""

    def read(self, number: int, row: Row) -> NewDocument:
        """The document of row `number`. Raises Fault."""
        columns = self.columns
        given = _read_id(row.get(columns.id or _ID))
        if given is None and columns.id is not None:
            raise Fault(f"has no id in {columns.id!r}")
        return NewDocument(
            id=given or f"{self.prefix}-{number}",
            text=_read_text(row.get(columns.text or _TEXT), columns.text or _TEXT),
            vector=_read_vector(row.get(columns.vectors), columns.vectors),
            metadata=self._metadata(row),
        )

    def _metadata(self, row: Row) -> Mapping[str, Any] | None:
        columns = self.columns
        if not columns.metadata:
            return _read_object(row.get(_METADATA))
        names: list[str] | tuple[str, ...] = columns.metadata
        if names == (REST,):
            taken = {columns.id or _ID, columns.text or _TEXT, columns.vectors}
            names = [name for name in row if name not in taken]
        values = {name: row.get(name) for name in names}
        if not self.has_types:
            values = {
                name: _read_typed(value, self.fields.get(name)) for name, value in values.items()
            }
        return {name: value for name, value in values.items() if value is not None} or None


def _read_id(value: object) -> str | None:
    match value:
        case bool() | float() | list() | dict():
            raise Fault("has an id that is no string")
        case None | "":
            return None
        case _:
            return str(value)


def _read_text(value: object, column: str) -> str | None:
    if value is not None and not isinstance(value, str):
        raise Fault(f"has no string in {column!r}")
    return value


def _read_object(value: object) -> Mapping[str, Any] | None:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise Fault(f"has no JSON in {_METADATA!r}") from None
    if value is not None and not isinstance(value, dict):
        raise Fault(f"has no JSON object in {_METADATA!r}; name columns with --metadata-column")
    return value


def _read_typed(value: Any, kind: FieldType | None) -> Any:
    """A text as the value that it spells, where the index declares another type than text."""
    if value is None or kind in {None, FieldType.KEYWORD, FieldType.DATETIME}:
        return value
    try:
        return orjson.loads(value.lower() if kind is FieldType.BOOL else value)
    except orjson.JSONDecodeError:
        return value  # the index will say what is wrong with it


def _read_vector(value: object, column: str) -> NDArray[np.float32] | None:
    if value is None or isinstance(value, np.ndarray):
        return value
    try:
        if isinstance(value, str):
            value = orjson.loads(value) if value.startswith("[") else _decode(value)
        with np.errstate(over="ignore"):  # infinity is refused later, in better words
            vector = np.asarray(value, np.float32)
    except (ValueError, TypeError):
        vector = np.empty((0, 0), np.float32)
    if vector.ndim != 1 or not len(vector):
        raise Fault(f"has neither numbers nor base64 of float32 in {column!r}")
    return vector


def _decode(text: str) -> NDArray[np.float32]:
    """From base64 of little-endian float32."""
    return np.frombuffer(pybase64.b64decode(text, validate=True), "<f4")

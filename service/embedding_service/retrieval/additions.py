"""From documents as they were given to rows that the record can take."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.definition import Definition, Metric
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.filters.metadata import check_metadata
from embedding_service.retrieval.requests import NewDocument
from embedding_service.vectors import Matrix, normalise

_MOST_ISSUES = 100
_UNIT_TOLERANCE = 1e-6
"""What float32 makes of a unit vector's length."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What is right of an addition, by position in it, and what is not."""

    documents: Sequence[NewDocument]
    kept: Sequence[int]
    """Positions of documents that are right, in order."""
    ids: Sequence[str | None]
    """One for each document; None for those refused."""
    issues: Sequence[Issue]

    @property
    def texts(self) -> list[str]:
        """Those that are to be embedded, in order."""
        chosen = (self.documents[position] for position in self.kept)
        return [each.text or "" for each in chosen if each.vector is None]


def check(documents: Sequence[NewDocument], definition: Definition, *, is_atomic: bool) -> Checked:
    """Tell right from wrong.

    Raises:
        InvalidRequest: something is wrong and `is_atomic`.
    """
    kept: list[int] = []
    ids: list[str | None] = []
    issues: list[Issue] = []
    for position, document in enumerate(documents):
        found = _find_faults(document, definition)
        if found:
            issues += [Issue(why, path=f"documents[{position}].{field}") for field, why in found]
            ids.append(None)
        else:
            kept.append(position)
            ids.append(document.id if document.id is not None else uuid.uuid4().hex)
    if issues and is_atomic:
        told = issues[:_MOST_ISSUES]
        raise InvalidRequest(f"{told[0].path} {told[0].message}; nothing was added", told)
    return Checked(documents, kept, ids, issues)


def assemble(checked: Checked, embedded: Matrix | None, definition: Definition) -> Puts:
    """The rows, the last of each id; `embedded` are the vectors of `checked.texts`."""
    matrix = _gather(checked, embedded, definition)
    last = {checked.ids[position]: row for row, position in enumerate(checked.kept)}
    rows = sorted(last.values())
    chosen = [checked.documents[checked.kept[row]] for row in rows]
    return Puts(
        ids=[str(checked.ids[checked.kept[row]]) for row in rows],
        texts=[document.text for document in chosen],
        metadata=[_dump(document.metadata) for document in chosen],
        matrix=matrix if len(rows) == len(matrix) else np.ascontiguousarray(matrix[rows]),
    )


def check_vector(vector: NDArray[np.float32], definition: Definition) -> str | None:
    """What is wrong with `vector`, if anything."""
    if vector.shape != (definition.dimension,):
        return (
            f"has {vector.shape[0]} dimensions instead of {definition.dimension}; embed with the "
            "index's model, or create an index of that dimension"
        )
    if not np.isfinite(vector).all():
        return "has NaN, infinity, or a number too large for float32"
    # What underflows when it is squared has no direction that could be told either.
    if definition.metric is Metric.COSINE and not float(vector @ vector) > 0:
        return "is zero, which has no direction, and the index's metric is cosine"
    return None


def _find_faults(document: NewDocument, definition: Definition) -> list[tuple[str, str]]:
    faults: list[tuple[str, str]] = []
    if document.vector is not None:
        fault = check_vector(document.vector, definition)
        faults += [("vector", fault)] if fault else []
    elif definition.model is None:
        faults.append(("vector", "is missing, and the index has no model to make it of the text"))
    if document.metadata is not None:
        try:
            check_metadata(document.metadata, definition.fields)
        except InvalidRequest as error:
            faults += [(issue.path or "metadata", issue.message) for issue in error.issues]
    return faults


def _gather(checked: Checked, embedded: Matrix | None, definition: Definition) -> Matrix:
    given = [checked.documents[position].vector for position in checked.kept]
    if embedded is not None and all(vector is None for vector in given):
        return embedded
    matrix = np.empty((len(given), definition.dimension), np.float32)
    made = iter(() if embedded is None else embedded)
    for row, vector in zip(matrix, given, strict=True):
        row[:] = next(made) if vector is None else vector
    return _to_unit(matrix) if definition.metric is Metric.COSINE else matrix


def _to_unit(matrix: Matrix) -> Matrix:
    """Rows of unit length; one that has it is left as it is, so that an export comes back equal."""
    is_unit = np.abs(np.linalg.norm(matrix, axis=1, keepdims=True) - 1) <= _UNIT_TOLERANCE
    unit: Matrix = np.where(is_unit, matrix, normalise(matrix))
    return unit


def _dump(metadata: Any) -> bytes | None:
    return None if metadata is None else orjson.dumps(metadata)

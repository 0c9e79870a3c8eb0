"""Live rows of several segments as one flat segment: for sealing, building and compacting."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.segments.bitmaps import Bitmap, Slots
from embedding_service.indexes.segments.columns import concatenate as concatenate_columns
from embedding_service.indexes.segments.segment import Sealed, Segment
from embedding_service.indexes.segments.strings import Strings
from embedding_service.vectors import Matrix

_ROWS_AT_ONCE: Final = 16_384


def concatenate(parts: Sequence[tuple[Segment, Bitmap]]) -> Sealed:
    """A flat segment of all live rows, by version. At least one part; all of one index."""
    taken = [(segment, live.slots) for segment, live in parts]
    versions = np.concatenate([segment.versions[slots] for segment, slots in taken])
    order = np.argsort(versions, kind="stable")
    first = parts[0][0]
    columns = {
        name: concatenate_columns(
            [segment.columns[name].take(slots) for segment, slots in taken]
        ).take(order)
        for name in first.columns
    }
    return Sealed(
        metric=first.metric,
        keys=np.concatenate([segment.keys[slots] for segment, slots in taken])[order],
        versions=versions[order],
        ids=Strings.joined([_take_ids(*each) for each in taken]).take(order),
        matrix=_gather(taken, order, first.matrix.shape[1]),
        radius=max(segment.radius for segment, _ in taken),
        columns=columns,
    )


def _take_ids(segment: Segment, slots: Slots) -> Strings:
    if isinstance(segment.ids, Strings):
        return segment.ids.take(slots)
    return Strings.of(segment.ids[slot] for slot in slots.tolist())


def _gather(
    taken: Sequence[tuple[Segment, Slots]], order: NDArray[np.int64], dimension: int
) -> Matrix:
    """The vectors in their new order, copied once, block by block."""
    matrix = np.empty((len(order), dimension), dtype=np.float32)
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    start = 0
    for segment, slots in taken:
        for first in range(0, len(slots), _ROWS_AT_ONCE):
            some = slots[first : first + _ROWS_AT_ONCE]
            matrix[places[start : start + len(some)]] = segment.matrix[some]
            start += len(some)
    return matrix

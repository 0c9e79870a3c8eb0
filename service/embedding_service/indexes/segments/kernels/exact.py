"""The nearest rows of a matrix, none missed.

Float32 sums differ by their order, and so between kernels, so that their ranking is not the last
word: what comes back is every row that may be among the nearest, which float64 then ranks. A dot
product of d terms is off by at most d·u·|q|·|x|, u = 2^-24 (Higham, Accuracy and Stability of
Numerical Algorithms, 2002, section 3.1); rows within twice that of the k-th are candidates too, and
with them all that equal it, however many they are. The 8 terms more that are allowed for below
cover the rounding of scores to float32, which makes equal what was not.
"""

from dataclasses import dataclass
from typing import Final

import faiss
import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.segments.bitmaps import Bitmap, Mask, Slots
from embedding_service.vectors import Matrix

_SPARE: Final = 16
"""Asked for beyond k, to see where candidates end."""
_GROWTH: Final = 8
"""By which more is asked for where they did not end."""
_UNIT: Final = 2.0**-24
_LARGEST: Final = 1e38
"""Float32 ends at 3.4e38; a sum that may overflow is left to float64, because FAISS drops NaN."""
_FEW_QUERIES: Final = 4
"""Up to here FAISS reads the matrix once for each; more go through BLAS. Measured on 100,000 rows
of 384 dimensions, one thread: 4.6 ms a query against 27 ms for 4 and 47 ms for 32."""
_SPARSE: Final = 0.02
"""Share of allowed rows for each query up to which copying them beats a selector."""
_FEW_DEAD: Final = 0.1
"""Share of rows that do not count up to which they are cheaper found and dropped than avoided."""
_BLOCK: Final = 2_048
"""Rows copied at once: stays in the processor's cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A matrix to be searched."""

    matrix: Matrix
    """Shape (n, d), C-contiguous; may be mapped from a file."""
    radius: float
    """No row is longer."""
    is_distance: bool
    """Whether by L2 distance instead of inner product."""


@dataclass(frozen=True, slots=True, eq=False)
class _Hits:
    """Best first. Shapes (q, w); places without a hit are last, with slot -1."""

    nearness: Matrix
    """Inner product, or minus the squared distance."""
    slots: Slots

    def keep(self, is_kept: Mask, most: int) -> "_Hits":
        """Those that `is_kept`, shape (q, w); at most `most` a query."""
        order = np.argsort(~is_kept, axis=1, kind="stable")[:, :most]
        slots = np.where(is_kept, self.slots, -1)
        return _Hits(
            np.take_along_axis(self.nearness, order, axis=1),
            np.take_along_axis(slots, order, axis=1),
        )


def find_candidates(rows: Rows, queries: Matrix, k: int, allowed: Bitmap) -> list[Slots]:
    """For each query slots of allowed rows, in no order: at least its k nearest, if there are k.

    Args:
        rows: What is searched.
        queries: Shape (q, d), C-contiguous, finite.
        k: At least 1.
        allowed: The rows that count; as many bits as rows.
    """
    faiss.omp_set_num_threads(1)
    # Compared with q·d, and process-wide; another index's value costs time at worst.
    faiss.cvar.distance_compute_blas_threshold = _FEW_QUERIES * queries.shape[1] + 1
    bounds = _bounds(rows, queries)
    errors = (queries.shape[1] + 8) * _UNIT * bounds
    candidates: dict[int, Slots] = {}
    pending = np.flatnonzero(bounds < _LARGEST)
    k, wanted = min(k, allowed.ones), k + _SPARE
    while len(pending) and wanted < allowed.ones:
        hits = _find(rows, queries[pending], wanted, allowed)
        floor = hits.nearness[:, k - 1] - 2 * errors[pending]
        found = np.count_nonzero(hits.slots >= 0, axis=1)
        last = hits.nearness[np.arange(len(pending)), np.maximum(found, 1) - 1]
        is_done = (found >= k) & (last < floor)
        for place in np.flatnonzero(is_done).tolist():
            is_near = (hits.nearness[place] >= floor[place]) & (hits.slots[place] >= 0)
            candidates[int(pending[place])] = hits.slots[place][is_near]
        pending = pending[~is_done]
        wanted *= _GROWTH
    if len(candidates) == len(queries):
        return [candidates[place] for place in range(len(queries))]
    everything = allowed.slots
    return [candidates.get(place, everything) for place in range(len(queries))]


def _bounds(rows: Rows, queries: Matrix) -> NDArray[np.float64]:
    """What no score of each query, nor any part of its sum, exceeds."""
    lengths = np.linalg.norm(queries.astype(np.float64), axis=1)
    bounds: NDArray[np.float64] = (
        (lengths + rows.radius) ** 2 if rows.is_distance else lengths * rows.radius
    )
    return bounds


def _find(rows: Rows, queries: Matrix, wanted: int, allowed: Bitmap) -> _Hits:
    """Up to `wanted` allowed rows a query; no other allowed row is nearer than the last of them."""
    dead = allowed.rows - allowed.ones
    if dead == 0:
        return _ask(rows, queries, wanted)
    if dead <= _FEW_DEAD * allowed.rows:
        hits = _ask(rows, queries, min(allowed.rows, 2 * wanted + min(dead, 4 * _SPARE)))
        return hits.keep((hits.slots >= 0) & allowed.has(np.maximum(hits.slots, 0)), wanted)
    if len(queries) >= _FEW_QUERIES or allowed.ones <= _SPARSE * len(queries) * allowed.rows:
        return _gather(rows, queries, wanted, allowed.slots)
    return _ask(rows, queries, wanted, allowed)


def _gather(rows: Rows, queries: Matrix, wanted: int, slots: Slots) -> _Hits:
    """The best of `slots`, which are copied block by block: selectors would keep BLAS away."""
    block = min(max(_BLOCK, 4 * wanted), len(slots))
    copied = np.empty((block, rows.matrix.shape[1]), dtype=np.float32)
    best: _Hits | None = None
    for start in range(0, len(slots), block):
        some = slots[start : start + block]
        part = copied[: len(some)]
        np.take(rows.matrix, some, axis=0, out=part, mode="clip")  # "raise" would buffer
        hits = _ask(Rows(part, rows.radius, rows.is_distance), queries, wanted)
        hits = _Hits(hits.nearness, np.where(hits.slots >= 0, some[hits.slots], -1))
        best = hits if best is None else _merge(best, hits, wanted)
    assert best is not None, "slots are never none here"  # noqa: S101
    return best


def _merge(one: _Hits, other: _Hits, most: int) -> _Hits:
    nearness = np.concatenate([one.nearness, other.nearness], axis=1)
    slots = np.concatenate([one.slots, other.slots], axis=1)
    order = np.argsort(np.where(slots >= 0, -nearness, np.inf), axis=1, kind="stable")[:, :most]
    return _Hits(
        np.take_along_axis(nearness, order, axis=1), np.take_along_axis(slots, order, axis=1)
    )


def _ask(rows: Rows, queries: Matrix, wanted: int, allowed: Bitmap | None = None) -> _Hits:
    """FAISS's own exact search; `allowed` by a selector."""
    shape = (len(queries), min(wanted, len(rows.matrix)))
    nearness, slots = np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.int64)
    pointer = faiss.swig_ptr
    selector = None
    if allowed is not None:  # whose bits live as long as the caller holds it
        selector = faiss.IDSelectorBitmap(allowed.rows, pointer(allowed.bits))
    where = pointer(queries), pointer(np.asarray(rows.matrix))
    sizes = queries.shape[1], len(queries), len(rows.matrix), shape[1]
    into = pointer(nearness), pointer(slots)
    if rows.is_distance:
        faiss.knn_L2sqr(*where, *sizes, *into, None, selector)
        np.negative(nearness, out=nearness)
    else:
        faiss.knn_inner_product(*where, *sizes, *into, selector)
    return _Hits(nearness, slots)

"""One index in memory: searched while it changes, each search at exactly one version.

All that a search needs hangs on one immutable `State`, which a change replaces whole: a document
that is replaced is found once, old or new, and never missing in between. A row that was replaced or
removed is taken out by its bit; vectors stay where they are until segments are rebuilt.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.documents import Changes, Point
from embedding_service.indexes.filters.tree import Filter
from embedding_service.indexes.search.execution import Question, search
from embedding_service.indexes.search.found import Found
from embedding_service.indexes.search.planner import Policy
from embedding_service.indexes.search.spread import Spread
from embedding_service.indexes.segments.bitmaps import Bitmap, Mask
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.segments.growing import MOST_ROWS, Growing
from embedding_service.indexes.segments.segment import Sealed, Segment
from embedding_service.vectors import Matrix


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """An index at one version."""

    version: int
    growing: Segment
    growing_live: Bitmap
    sealed: tuple[tuple[Sealed, Bitmap], ...]
    """Each with the rows that are live."""

    @property
    def parts(self) -> tuple[tuple[Segment, Bitmap], ...]:
        """All segments with a row in them."""
        return (
            (*self.sealed, (self.growing, self.growing_live)) if len(self.growing) else self.sealed
        )


@dataclass(frozen=True, slots=True)
class SegmentFacts:
    """One segment, as it is described."""

    engine: Engine
    is_sealed: bool
    rows: int
    live: int
    nbytes: int
    recall: float | None
    """recall@10 of its graph, as measured; None where it is searched exactly."""


@dataclass(frozen=True, slots=True)
class ViewFacts:
    """An index in memory, as it is described."""

    version: int
    live: int
    """Documents that can be found."""
    segments: Sequence[SegmentFacts]
    nbytes: int
    """Memory of all segments."""


class View:
    """Thread-safe. Searches wait for nobody; changes wait for each other."""

    def __init__(
        self, definition: Definition, policy: Policy | None = None, most_growing: int = MOST_ROWS
    ) -> None:
        """An empty index, at version 0.

        Args:
            definition: What it is.
            policy: Of searching by graphs; may be replaced at any time, in `policy`.
            most_growing: Rows after which the growing segment is sealed, or 32 MB before that.
        """
        self.policy = policy or Policy()
        self._definition = definition
        self._most_growing = most_growing
        self._changing = threading.Lock()
        self._highest_key = 0
        self._is_torn = False
        """Whether a change failed half way: the growing segment may have rows that no state has."""
        self._growing = Growing(definition, most_growing)
        self._state = State(0, self._growing.view(), Bitmap.full(0), ())
        self.known: Point | None = None
        """The last place in the record's history that what is here comes from; whoever applies
        changes keeps it. It may be ahead of `version`. None of what came from elsewhere."""
        self.build = 0
        """Number of the build whose graphs were loaded or given last (sharing.py)."""

    @property
    def sealed(self) -> tuple[tuple[Sealed, Bitmap], ...]:
        """Its sealed segments with their live rows, as they are now."""
        return self._state.sealed

    @property
    def version(self) -> int:
        """Applied: a search finds everything up to it."""
        return self._state.version

    @property
    def state(self) -> State:
        """What there is now; it does not change any more."""
        return self._state

    def search(
        self,
        queries: Matrix,
        k: int,
        *,
        condition: Filter | None = None,
        is_exact: bool = False,
        spread: Spread = map,
    ) -> Found:
        """The k nearest documents of each query, all at one version.

        Args:
            queries: Shape (q, d), float32, finite; of unit length where the metric is cosine.
            k: At least 1; fewer are found where there are no more.
            condition: What their metadata must satisfy.
            is_exact: Whether graphs are passed over.
            spread: Over whose threads; `map` takes the caller's.

        Raises:
            ValueError: queries of another shape or type, or not finite; a k below 1.
        """
        queries = self._checked(queries)
        if k < 1:
            raise ValueError(f"k is {k}; it must be at least 1")
        state = self._state  # read once: everything below is of one version
        question = Question(queries, k, condition, is_exact)
        return search(state.version, state.parts, question, self.policy, spread)

    def apply(self, changes: Changes) -> None:
        """Bring in what happened; what has been applied already is passed over.

        Changes must come in the order of versions, none left out: the caller sees to that.

        Raises:
            ValueError: vectors of another dimension, or not finite. Nothing was applied.
        """
        with self._changing:
            state = self._state
            if changes.version <= state.version:
                return
            self._checked(changes.matrix)
            if self._is_torn:
                state = self._sealed(state)
            self._is_torn = True
            rows = _newest(changes, state.version)
            state = self._without(state, changes.keys[rows])
            state = self._with(state, changes, rows[~changes.is_deleted[rows]])
            self._highest_key = int(changes.keys.max(initial=self._highest_key))
            self._state = replace(state, version=changes.version)
            self._is_torn = False

    def adopt(self, segment: Sealed) -> None:
        """Take in rows from a segment built elsewhere, in place of where they are now.

        A row of it that has been replaced or removed by now is dead in it. The documents are the
        same before and after. Raises ValueError when it is of another index's kind.
        """
        self._check_kind(segment)
        if not len(segment):
            return
        with self._changing:
            state = self._state
            is_taken = np.zeros(len(segment), dtype=np.bool_)
            growing_live = _hand_over(state.growing, state.growing_live, segment, is_taken)
            sealed = [
                (each, _hand_over(each, live, segment, is_taken)) for each, live in state.sealed
            ]
            sealed.append((segment, Bitmap.of(is_taken)))
            growing = state.growing
            if len(growing) and not growing_live.ones:
                growing, growing_live = self._start_growing()
            kept = tuple((each, live) for each, live in sealed if live.ones)
            self._state = State(state.version, growing, growing_live, kept)

    def load(self, segments: Sequence[tuple[Sealed, Bitmap]], version: int) -> None:
        """Start from segments and their live rows as they were at `version`.

        Raises ValueError when something has been applied before, or a segment is of another kind.
        """
        for segment, _ in segments:
            self._check_kind(segment)
        with self._changing:
            if self._state.version or self._state.parts:
                raise ValueError("the view is not empty")
            keys = [segment.keys.max(initial=0) for segment, _ in segments]
            self._highest_key = int(max(keys, default=0))
            kept = tuple((segment, live) for segment, live in segments if live.ones)
            self._state = replace(self._state, version=version, sealed=kept)

    def describe(self) -> ViewFacts:
        """What there is, at one version."""
        state = self._state
        segments = [
            SegmentFacts(
                engine=segment.engine,
                is_sealed=isinstance(segment, Sealed),
                rows=len(segment),
                live=live.ones,
                nbytes=segment.nbytes + live.bits.nbytes,
                recall=segment.recall,
            )
            for segment, live in state.parts
        ]
        return ViewFacts(
            version=state.version,
            live=sum(each.live for each in segments),
            segments=segments,
            nbytes=sum(each.nbytes for each in segments),
        )

    def _checked(self, matrix: Matrix) -> Matrix:
        dimension = self._definition.dimension
        if matrix.ndim != 2 or matrix.shape[1] != dimension or matrix.dtype != np.float32:
            raise ValueError(
                f"vectors are of shape {matrix.shape} and {matrix.dtype}, "
                f"not (n, {dimension}) and float32"
            )
        # Not their sums, which overflow before they do: a row that was committed must be taken.
        if not np.isfinite(matrix).all():
            raise ValueError("a vector is not finite")
        return np.ascontiguousarray(matrix)

    def _check_kind(self, segment: Sealed) -> None:
        definition = self._definition
        if (
            segment.metric is not definition.metric
            or segment.matrix.shape[1] != definition.dimension
            or segment.columns.keys() != definition.fields.keys()
        ):
            raise ValueError("the segment is of another metric, dimension or fields than the index")

    def _without(self, state: State, keys: NDArray[np.int64]) -> State:
        """Take the rows of these keys out, wherever they are."""
        known = keys[keys <= self._highest_key]  # others are new: given in order, never reused
        if not len(known):
            return state
        slots = self._growing.find(known)
        growing_live = state.growing_live.with_cleared(slots) if len(slots) else state.growing_live
        sealed: list[tuple[Sealed, Bitmap]] = []
        for segment, live in state.sealed:
            slots = segment.find(known)
            slots = slots[slots >= 0]
            left = live.with_cleared(slots) if len(slots) else live
            if left.ones:
                sealed.append((segment, left))
        return replace(state, growing_live=growing_live, sealed=tuple(sealed))

    def _with(self, state: State, changes: Changes, rows: NDArray[np.int64]) -> State:
        """Append rows, sealing what is full."""
        while len(rows):
            some, rows = rows[: self._growing.room], rows[self._growing.room :]
            self._growing.append(changes, some)
            live = state.growing_live.with_appended(len(some))
            state = replace(state, growing=self._growing.view(), growing_live=live)
            if not self._growing.room:
                state = self._sealed(state)
        return state

    def _sealed(self, state: State) -> State:
        sealed = state.sealed
        if state.growing_live.ones:
            segment = concatenate([(state.growing, state.growing_live)])
            sealed = (*sealed, (segment, Bitmap.full(len(segment))))
        growing, live = self._start_growing()
        return replace(state, growing=growing, growing_live=live, sealed=sealed)

    def _start_growing(self) -> tuple[Segment, Bitmap]:
        self._growing = Growing(self._definition, self._most_growing)
        return self._growing.view(), Bitmap.full(0)


def _newest(changes: Changes, applied: int) -> NDArray[np.int64]:
    """The rows after version `applied`, only the last of each key, in their order."""
    rows = np.flatnonzero(changes.versions > applied)
    # Of equal values `unique` names the first, and turned round the first is the last.
    _, last = np.unique(changes.keys[rows][::-1], return_index=True)
    return rows[np.sort(len(rows) - 1 - last)]


def _hand_over(segment: Segment, live: Bitmap, to: Sealed, is_taken: Mask) -> Bitmap:
    """Mark in `is_taken` which rows of `to` are live in `segment`; the live rows that are left."""
    slots = live.slots
    places = to.find(segment.keys[slots])
    is_there = (places >= 0) & (to.versions[places] == segment.versions[slots])
    is_taken[places[is_there]] = True
    return live.with_cleared(slots[is_there])

"""Runs a search over segments and merges what they found."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.filters.tree import Filter
from embedding_service.indexes.search.found import Found, Hits
from embedding_service.indexes.search.planner import Facts, Method, Policy, plan_search
from embedding_service.indexes.search.scores import score
from embedding_service.indexes.search.spread import Spread
from embedding_service.indexes.segments.bitmaps import Bitmap, Mask, Slots
from embedding_service.indexes.segments.kernels.exact import find_candidates
from embedding_service.indexes.segments.masks import evaluate
from embedding_service.indexes.segments.segment import Segment
from embedding_service.vectors import Matrix

_FEW_EQUALS: Final = 256


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of every segment."""

    queries: Matrix
    """Shape (q, d), C-contiguous, finite; of unit length for cosine."""
    k: int
    condition: Filter | None
    is_exact: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Part:
    """What one segment found: its k best of each query, in columns of one length."""

    segment: Segment
    queries: NDArray[np.int64]
    """Which query each hit is of."""
    slots: Slots
    scores: NDArray[np.float32]
    is_exact: Mask
    """Of each query; shape (q,)."""
    scanned: NDArray[np.int64]
    """Of each query; shape (q,)."""


def search(
    version: int,
    parts: Sequence[tuple[Segment, Bitmap]],
    question: Question,
    policy: Policy,
    spread: Spread = map,
) -> Found:
    """The nearest live rows of all segments; `version` is that of their state."""

    def search_one(part: tuple[Segment, Bitmap]) -> _Part | None:
        segment, live = part
        return _search_segment(segment, live, question, policy)

    found = [part for part in spread(search_one, parts) if part is not None]
    return Found(version, _merge(found, question))


def _search_segment(
    segment: Segment, live: Bitmap, question: Question, policy: Policy
) -> _Part | None:
    allowed = live
    if question.condition is not None and live.ones:
        allowed = live & Bitmap.of(evaluate(question.condition.root, segment.columns))
    dimension = segment.matrix.shape[1]
    facts = Facts(
        engine=segment.engine,
        rows=len(segment),
        allowed=allowed.ones,
        dimension=dimension,
        k=question.k,
        is_exact=question.is_exact,
        reach=segment.reach,
    )
    plan = plan_search(facts, policy)
    if plan.method is Method.SKIP or not len(question.queries):
        return None
    queries, k = question.queries, min(question.k, allowed.ones)
    candidates: list[Slots] = [np.empty(0, dtype=np.int64)] * len(queries)
    if plan.method is Method.GRAPH and segment.graph is not None:
        candidates = segment.graph.find_candidates(queries, k, allowed, plan.reach)
    scanned = np.array([len(each) for each in candidates], dtype=np.int64)
    # All of them without a graph, and those for which it brought less than there is.
    short = [place for place, each in enumerate(candidates) if len(each) < k]
    if short:
        scanned[short] += allowed.ones
        exact = find_candidates(segment.searchable, queries[short], k, allowed)
        for place, slots in zip(short, exact, strict=True):
            candidates[place] = slots
    most = k + _FEW_EQUALS
    candidates = [
        each if len(each) <= most else _trim(segment, queries[place : place + 1], each, k)
        for place, each in enumerate(candidates)
    ]
    lengths = [len(each) for each in candidates]
    slots, whose = np.concatenate(candidates), np.repeat(np.arange(len(queries)), lengths)
    scores = score(segment.matrix, slots, queries, whose, segment.metric.is_distance)
    is_exact = np.zeros(len(queries), dtype=np.bool_)
    is_exact[short] = True
    return _Part(segment, whose, slots, scores, is_exact, scanned)


def _trim(segment: Segment, query: Matrix, slots: Slots, k: int) -> Slots:
    """The k best of many: of a million equal rows, only those that are answered are kept."""
    same = np.zeros(len(slots), dtype=np.int64)
    scores = score(segment.matrix, slots, query, same, segment.metric.is_distance)
    nearness = scores if segment.metric.is_distance else -scores
    return slots[np.lexsort((segment.keys[slots], nearness))[:k]]


def _merge(parts: Sequence[_Part], question: Question) -> list[Hits]:
    """The k best of each query: nearest first, then the lower key."""
    if not parts:
        nothing, scores = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        none = Hits(nothing, nothing, [], scores, is_exact=True, scanned=0)
        return [none] * len(question.queries)
    whose = np.concatenate([part.queries for part in parts])
    scores = np.concatenate([part.scores for part in parts])
    keys = np.concatenate([part.segment.keys[part.slots] for part in parts])
    versions = np.concatenate([part.segment.versions[part.slots] for part in parts])
    origins = np.repeat(np.arange(len(parts)), [len(part.slots) for part in parts])
    slots = np.concatenate([part.slots for part in parts])
    nearness = scores if parts[0].segment.metric.is_distance else -scores
    order = np.lexsort((keys, nearness, whose))
    bounds = np.searchsorted(whose[order], np.arange(len(question.queries) + 1))
    is_exact = np.all([part.is_exact for part in parts], axis=0)
    scanned = np.sum([part.scanned for part in parts], axis=0)
    answers: list[Hits] = []
    for query, (start, end) in enumerate(pairwise(bounds.tolist())):
        best = order[start : min(end, start + question.k)]
        places = zip(origins[best].tolist(), slots[best].tolist(), strict=True)
        ids = [parts[origin].segment.ids[slot] for origin, slot in places]
        answers.append(
            Hits(
                keys[best],
                versions[best],
                ids,
                scores[best],
                bool(is_exact[query]),
                int(scanned[query]),
            )
        )
    return answers

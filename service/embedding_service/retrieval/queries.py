"""From a search as it was asked to what an index is asked, and from what it found to answers."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from embedding_service.errors import InvalidRequest, Issue
from embedding_service.indexes.definition import Definition, Metric
from embedding_service.indexes.documents import Document
from embedding_service.indexes.errors import DimensionMismatch
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.query import Query
from embedding_service.indexes.search.found import Found, Hits
from embedding_service.retrieval.additions import check_vector
from embedding_service.retrieval.cursors import read_cursor, write_cursor
from embedding_service.retrieval.requests import Answer, Hit, Include, Search
from embedding_service.vectors import Matrix, normalise

DEEPEST: Final = 10_000
"""Hits of one query, over all of its pages."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the page before ended: how many hits there were, and the last one."""

    hits: int
    score: float
    key: int


def check_search(search: Search, definition: Definition) -> Place | None:
    """Where the search goes on. Raises InvalidRequest for what this index cannot be asked."""
    if search.threshold is not None:
        _check_threshold(search.threshold, definition.metric)
    place = None if search.cursor is None else _read_place(search.cursor)
    if (place.hits if place else 0) + search.top_k > DEEPEST:
        raise InvalidRequest(
            f"one query has at most {DEEPEST:,} hits, over all of its pages; to have every "
            "document, page through them (GET …/documents)",
            [Issue(f"leads beyond {DEEPEST:,} hits", path="cursor" if place else "top_k")],
        )
    return place


def check_matrix(matrix: Matrix, definition: Definition) -> Matrix:
    """The queries as the index keeps vectors. Raises DimensionMismatch, InvalidRequest."""
    if matrix.ndim != 2 or matrix.shape[1] != definition.dimension:
        raise DimensionMismatch(definition.name, definition.dimension, matrix.shape[-1])
    for position, vector in enumerate(matrix):
        if fault := check_vector(vector, definition):
            path = f"vectors[{position}]"
            raise InvalidRequest(f"{path} {fault}", [Issue(fault, path=path)])
    return normalise(matrix) if definition.metric is Metric.COSINE else matrix


def build_query(
    search: Search, matrix: Matrix, definition: Definition, place: Place | None
) -> Query:
    """What the index is asked. Raises BadFilter."""
    condition = (
        None if search.filter is None else parse_filter(dict(search.filter), definition.fields)
    )
    return Query(
        matrix=matrix,
        top_k=search.top_k + (place.hits if place else 0),
        filter=condition,
        is_exact=search.is_exact,
        wants_documents=bool(search.include),
    )


def build_answers(
    search: Search,
    place: Place | None,
    metric: Metric,
    found: Found,
    documents: Mapping[int, Document],
) -> list[Answer]:
    """The answer of each query: its hits within the threshold and after `place`."""
    answers = []
    for ranking in found.queries:
        chosen = _choose(search, place, metric, ranking)
        hits = [
            _hit(ranking, row, documents.get(int(ranking.keys[row])), search.include)
            for row in chosen
        ]
        answers.append(
            Answer(
                hits=hits,
                version=found.version,
                is_exact=ranking.is_exact,
                scanned=ranking.scanned,
                cursor=_next_cursor(search, place, ranking, chosen),
            )
        )
    return answers


def _choose(search: Search, place: Place | None, metric: Metric, ranking: Hits) -> list[int]:
    """Rows of `ranking` to answer with, in order."""
    sign = -1 if metric.is_distance else 1
    scores = ranking.scores.astype(np.float64) * sign
    is_in = np.ones(len(scores), dtype=bool)
    if search.threshold is not None:
        # As float32, like the scores: 0.7 from a score of 0.7 is within 0.7.
        is_in &= scores >= float(np.float32(search.threshold)) * sign
    if place is not None:
        last = place.score * sign
        is_in &= (scores < last) | ((scores == last) & (ranking.keys > place.key))
    return [int(row) for row in np.flatnonzero(is_in)[: search.top_k]]


def _next_cursor(
    search: Search, place: Place | None, ranking: Hits, chosen: list[int]
) -> str | None:
    if len(chosen) < search.top_k:
        return None
    last = chosen[-1]
    seen = (place.hits if place else 0) + len(chosen)
    return write_cursor(seen, float(ranking.scores[last]), int(ranking.keys[last]))


def _hit(ranking: Hits, row: int, document: Document | None, include: frozenset[Include]) -> Hit:
    return Hit(
        id=ranking.ids[row],
        score=float(ranking.scores[row]),
        text=document.text if document and "text" in include else None,
        metadata=document.metadata if document and "metadata" in include else None,
        vector=document.vector if document and "vector" in include else None,
    )


def _check_threshold(threshold: float, metric: Metric) -> None:
    ranges = {Metric.COSINE: (-1.0, 1.0), Metric.L2: (0.0, math.inf)}
    least, most = ranges.get(metric, (-math.inf, math.inf))
    if not math.isfinite(threshold) or not least <= threshold <= most:
        told = {Metric.COSINE: "from -1 to 1", Metric.L2: "0 or more"}.get(metric, "finite")
        raise InvalidRequest(
            f"threshold must be {told} where the metric is {metric}",
            [Issue(f"must be {told} where the metric is {metric}", path="threshold")],
        )


def _read_place(cursor: str) -> Place:
    hits, score, key = read_cursor(cursor, int, float, int)
    return Place(int(hits), score, int(key))

"""What an index must answer, the slow way: a dict of documents, all of them scored in float64."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import orjson

from embedding_service.indexes.definition import Definition, Metric
from embedding_service.indexes.documents import Changes
from embedding_service.indexes.filters.tree import Filter
from embedding_service.indexes.search.found import Found
from embedding_service.vectors import Matrix


@dataclass(frozen=True)
class Row:
    """One document at one version; no vector is a removal."""

    key: int
    version: int
    vector: Sequence[float] | None
    metadata: Mapping[str, object] | None = None

    @property
    def id(self) -> str:
        """Of a removed document too."""
        return f"document {self.key}"


def changes_of(rows: Sequence[Row], dimension: int, version: int | None = None) -> Changes:
    """These rows, as the record tells of them."""
    nothing = [0.0] * dimension
    vectors = [nothing if row.vector is None else row.vector for row in rows]
    return Changes(
        keys=np.array([row.key for row in rows], dtype=np.int64),
        versions=np.array([row.version for row in rows], dtype=np.int64),
        ids=[row.id for row in rows],
        is_deleted=np.array([row.vector is None for row in rows], dtype=np.bool_),
        matrix=np.array(vectors, dtype=np.float32).reshape(len(rows), dimension),
        metadata=[None if row.metadata is None else orjson.dumps(row.metadata) for row in rows],
        version=max((row.version for row in rows), default=0) if version is None else version,
    )


def random_rows(count: int, dimension: int, seed: int = 0, first: int = 1) -> list[Row]:
    """Documents with unit vectors around some centres, keys and versions from `first`."""
    matrix = random_matrix(count, dimension, seed)
    return [
        Row(first + place, first + place, vector, {"n": place % 1000, "tag": f"t{place % 7}"})
        for place, vector in enumerate(matrix.tolist())
    ]


def random_matrix(count: int, dimension: int, seed: int = 0) -> Matrix:
    """Unit vectors around 50 centres, as texts on 50 subjects would have."""
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(0).standard_normal((50, dimension))
    rows = centres[random.integers(50, size=count)] + random.standard_normal((count, dimension))
    unit: Matrix = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


@dataclass
class Model:
    """The documents of one index."""

    definition: Definition
    documents: dict[int, Row] = field(default_factory=dict)

    def apply(self, rows: Sequence[Row]) -> None:
        """In the order of versions."""
        for row in rows:
            if row.vector is None:
                self.documents.pop(row.key, None)
            else:
                self.documents[row.key] = row

    def nearest(
        self, queries: Matrix, k: int, condition: Filter | None = None
    ) -> list[list[tuple[Row, float]]]:
        """The k nearest to each query and their scores, of equals the lower key first."""
        rows = [row for row in self.documents.values() if _passes(row, condition)]
        keys = np.array([row.key for row in rows], dtype=np.int64)
        vectors = np.array([row.vector for row in rows], dtype=np.float32).astype(np.float64)
        ranked = []
        for query in queries:
            scores = self._scores(vectors.reshape(len(rows), len(query)), query)
            is_distance = self.definition.metric is Metric.L2
            order = np.lexsort((keys, scores if is_distance else -scores))[:k]
            ranked.append([(rows[place], float(scores[place])) for place in order])
        return ranked

    def _scores(self, vectors: npt.NDArray[np.float64], query: Matrix) -> Matrix:
        """In float64, then rounded to float32."""
        if self.definition.metric is Metric.L2:
            distances: Matrix = np.sqrt(np.square(vectors - query).sum(axis=1)).astype(np.float32)
            return distances
        products: Matrix = (vectors * query).sum(axis=1).astype(np.float32)
        return products

    def check(self, found: Found, queries: Matrix, k: int, condition: Filter | None = None) -> None:
        """Assert that an exact search found what there is."""
        assert len(found.queries) == len(queries)
        for hits, ranked in zip(found.queries, self.nearest(queries, k, condition), strict=True):
            assert hits.keys.tolist() == [row.key for row, _ in ranked]
            assert hits.versions.tolist() == [row.version for row, _ in ranked]
            assert list(hits.ids) == [row.id for row, _ in ranked]
            assert hits.scores.dtype == np.float32
            assert hits.scores.tolist() == [score for _, score in ranked]

    def recalls(
        self, found: Found, queries: Matrix, k: int, condition: Filter | None = None
    ) -> list[float]:
        """Share of the k nearest that are among the hits, of each query."""
        recalls = []
        for hits, ranked in zip(found.queries, self.nearest(queries, k, condition), strict=True):
            expected = {row.key for row, _ in ranked}
            recalls.append(len(expected & set(hits.keys.tolist())) / max(1, len(expected)))
        return recalls


def _passes(row: Row, condition: Filter | None) -> bool:
    if condition is None:
        return True
    return condition.matches(None if row.metadata is None else orjson.dumps(row.metadata))

"""Made vectors: weak clusters, harder to search than most texts.

A point is its cluster's centre plus noise of the same size, in 192 dimensions, mapped linearly to
those asked for and brought to unit length. On 100,000 of them `IVF1024,PQ96x4fs,RFlat` of FAISS
finds 0.97 of the 10 nearest with 16 lists probed and 80 rows rescored.
"""

from typing import Final

import numpy as np

from embedding_service.vectors import Matrix, normalise

_CLUSTERS: Final = 300
_LATENT: Final = 192
_AT_ONCE: Final = 50_000
_WORLD: Final = 20_240_601
"""Seed of the centres and the map, which rows and queries share."""
_QUERIES: Final = 7
"""Seed of the queries: points of the same kind that are not among the rows."""


def make_rows(count: int, dimension: int, seed: int = 1) -> Matrix:
    """Shape (count, dimension); the same for the same arguments."""
    world = np.random.default_rng(_WORLD)
    centres = world.standard_normal((_CLUSTERS, _LATENT), dtype=np.float32)
    shape = world.standard_normal((_LATENT, dimension), dtype=np.float32)
    random = np.random.default_rng(seed)
    rows = np.empty((count, dimension), dtype=np.float32)
    for start in range(0, count, _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        points = random.standard_normal((len(some), _LATENT), dtype=np.float32)
        points += centres[random.integers(0, _CLUSTERS, len(some))]
        some[:] = normalise(points @ shape)
    return rows


def make_queries(count: int, dimension: int) -> Matrix:
    """Shape (count, dimension), of the same clusters as the rows."""
    return make_rows(count, dimension, _QUERIES)

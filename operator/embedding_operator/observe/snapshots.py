"""Which snapshots belong to an index: by its data, not by its name, which another may have had."""

from collections.abc import Iterable

from embedding_operator.names import SNAPSHOTS
from embedding_operator.observe.cache import Cache, IndexKey
from embedding_operator.resources.objects import (
    EmbeddingIndex,
    EmbeddingIndexSnapshot,
    Manifest,
    parse_snapshot,
)


def find_named(cache: Cache, key: IndexKey) -> list[EmbeddingIndexSnapshot]:
    """Those that name an index, oldest first."""
    return _sort(cache.owned(SNAPSHOTS, key))


def find_own(cache: Cache, index: EmbeddingIndex) -> list[EmbeddingIndexSnapshot]:
    """Those of its data; where it has another's, also those that name another index."""
    namespace = index.meta.namespace
    bodies: Iterable[Manifest] = cache.owned(SNAPSHOTS, (namespace, index.meta.name))
    if index.data_uid != index.meta.uid:
        bodies = cache.within(SNAPSHOTS, namespace)
    return [each for each in _sort(bodies) if each.is_of(index)]


def find_strays(cache: Cache, index: EmbeddingIndex) -> list[EmbeddingIndexSnapshot]:
    """Those of an earlier index of its name that are still to be made."""
    named = find_named(cache, (index.meta.namespace, index.meta.name))
    return [each for each in named if each.is_open and not each.is_of(index)]


def find_source(cache: Cache, index: EmbeddingIndex) -> EmbeddingIndexSnapshot | None:
    """The one that it is to be filled from, if that is there."""
    name = index.spec.bootstrap.snapshot if index.spec.bootstrap else None
    body = cache.get(SNAPSHOTS, index.meta.namespace, name) if name else None
    return parse_snapshot(body) if body is not None else None


def _sort(bodies: Iterable[Manifest]) -> list[EmbeddingIndexSnapshot]:
    snapshots = map(parse_snapshot, bodies)
    return sorted(snapshots, key=lambda each: (each.meta.created, each.meta.name))

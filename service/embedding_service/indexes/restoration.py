"""Puts the documents of a snapshot back: into a new index, or in place of what an index holds.

What is written goes through the index's own writes, under new versions: searches go on, every
process follows, and a power cut at any moment leaves an index that the same restore finishes.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Document, IdempotencyKey, Puts
from embedding_service.indexes.errors import Conflict
from embedding_service.indexes.index import Index
from embedding_service.indexes.snapshots.manifest import Manifest
from embedding_service.indexes.snapshots.shelf import Shelf

_T = TypeVar("_T")
Tell = Callable[[float], None]
"""Takes how much is done, 0 to 1."""
_BATCH: Final = 1_000
"""Documents of one transaction."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore has come to."""

    version: int
    """Of the index, after it."""
    count: int
    """Documents of the snapshot."""
    written: int
    """Those of them that were put back."""
    removed: int
    """Documents that the snapshot does not have."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot and where it lies."""

    shelf: Shelf
    uid: str
    """The folder; after a move it need not be the index's."""
    manifest: Manifest

    def documents(self) -> Iterator[Sequence[Document]]:
        """All of them in the order of keys, checked, a batch at a time."""
        for part in self.shelf.documents(self.uid, self.manifest):
            yield from _batches(part)


def fill(index: Index, snapshot: Snapshot, tell: Tell) -> Restored:
    """Put all documents into an index that was made for them.

    A batch that an earlier call has put is passed over, and so is not put over what was written
    since. Raises DamagedSnapshot before the first one is put, OutOfSpace.
    """
    for _ in snapshot.documents():
        pass  # checked, so that no half of a damaged snapshot becomes an index
    count = 0
    for batch in snapshot.documents():
        index.put(_puts_of(batch), _key_of(snapshot, batch))
        count += len(batch)
        tell(count / snapshot.manifest.count)
    return Restored(index.standing().version, count, count, 0)


def is_unfinished(index: Index, snapshot: Snapshot) -> bool:
    """Whether an earlier `fill` with this snapshot has begun with the index and did not end."""
    manifest, standing = snapshot.manifest, index.standing()
    if standing.version >= manifest.count or not _is_alike(index.definition, manifest.index):
        return False
    if not standing.version:
        return True
    return index.repeated(_key_of(snapshot, next(snapshot.documents()))) is not None


def replace(index: Index, snapshot: Snapshot, tell: Tell) -> Restored:
    """Make an index hold what the snapshot holds, by writing the difference.

    What others write meanwhile stays. Holds the ids of the snapshot in memory.

    Raises Conflict: the snapshot's vectors are of another kind. DamagedSnapshot before the first
    write, OutOfSpace.
    """
    check_kind(index.definition, snapshot.manifest)
    wanted = {document.id for batch in snapshot.documents() for document in batch}
    begun = index.standing().version
    extra = [
        id_
        for batch in index.record.outline(index.definition.uid)
        for id_, version in batch
        if id_ not in wanted and version <= begun
    ]
    removed = sum(len(index.remove(some).ids) for some in _batches(extra))
    done = written = 0
    for batch in snapshot.documents():
        differing = _differing(index, batch, begun)
        if differing:
            index.put(_puts_of(differing))
        done, written = done + len(batch), written + len(differing)
        tell(done / snapshot.manifest.count)
    return Restored(index.standing().version, done, written, removed)


def check_kind(definition: Definition, manifest: Manifest) -> None:
    """Raise Conflict unless the snapshot's documents may become the index's as they are."""
    if not _is_alike(definition, manifest.index):
        raise Conflict(
            f"snapshot {manifest.id} is of another model, dimension, metric or fields than index "
            f"{definition.name!r}; restore it into a new index"
        )


def _is_alike(one: Definition, other: Definition) -> bool:
    """Whether the documents of one may become the other's as they are."""
    return (one.dimension, one.metric, one.fields, one.model and one.model.fingerprint) == (
        other.dimension,
        other.metric,
        other.fields,
        other.model and other.model.fingerprint,
    )


def _batches(items: Sequence[_T]) -> Iterator[Sequence[_T]]:
    for start in range(0, len(items), _BATCH):
        yield items[start : start + _BATCH]


def _differing(index: Index, batch: Sequence[Document], begun: int) -> list[Document]:
    """The documents that the index has otherwise, or not, but for those written after `begun`."""
    there = index.record.whole(index.definition.uid, [each.id for each in batch])
    return [
        document
        for document in batch
        if (own := there.get(document.id)) is None
        or (own.version <= begun and not _is_equal(own, document))
    ]


def _is_equal(one: Document, other: Document) -> bool:
    return (one.text, one.metadata, one.vector.tobytes()) == (
        other.text,
        other.metadata,
        other.vector.tobytes(),
    )


def _puts_of(documents: Sequence[Document]) -> Puts:
    return Puts(
        ids=[document.id for document in documents],
        texts=[document.text for document in documents],
        metadata=[document.metadata for document in documents],
        matrix=np.stack([document.vector for document in documents]),
    )


def _key_of(snapshot: Snapshot, batch: Sequence[Document]) -> IdempotencyKey:
    """The name of a batch, by which it is known again: a snapshot never changes."""
    name = f"restore {snapshot.manifest.id} {batch[0].key} {batch[-1].key} {len(batch)}"
    return IdempotencyKey(name, hashlib.sha256(name.encode()).digest())

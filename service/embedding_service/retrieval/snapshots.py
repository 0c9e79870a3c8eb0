"""Snapshots of indexes: what callers are told of them, and the long work that makes and uses them.

The long work is synchronous, takes an index by uid, because names move, and answers what its job is
to tell when it is done.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from typing import TypeAlias

from embedding_service.indexes import restoration
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import check_name
from embedding_service.indexes.documents import Document, Scan
from embedding_service.indexes.errors import Conflict, NotConfirmed, NotFound
from embedding_service.indexes.index import Index
from embedding_service.indexes.inspection import inspect
from embedding_service.indexes.records.standing import JSONValue
from embedding_service.indexes.restoration import Snapshot
from embedding_service.indexes.snapshots.manifest import Manifest
from embedding_service.retrieval.requests import Restoration, SnapshotFacts

Detail: TypeAlias = Mapping[str, JSONValue]
"""What a job tells."""
Tell: TypeAlias = Callable[[float], None]
"""Takes how much is done, 0 to 1; what it raises ends the work."""


@dataclass(frozen=True, slots=True)
class PlannedRestore:
    """A restore that can be done: its index and its snapshot are there."""

    uid: str
    """Of the index that is written to."""
    detail: Detail
    """What `Snapshots.restore` needs besides."""


class Snapshots:
    """All that is done with snapshots, in one archive.

    Any call may raise SnapshotStoreUnavailable, DamagedSnapshot, SnapshotTooNew, and NotFound for
    the index or the snapshot.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        """Of the archive that the catalogue has; without one, none of this can be asked."""
        self._catalogue = catalogue

    async def all(self, name: str) -> Sequence[SnapshotFacts]:
        """Newest first; those that cannot be read come last."""
        return await asyncio.to_thread(self._list, name)

    async def describe(self, name: str, id: str) -> SnapshotFacts:  # noqa: A002  its own name
        """One snapshot by id, or `newest`."""
        manifest = await asyncio.to_thread(lambda: self._archive.find(self._uid(name), id))
        return _tell(manifest)

    async def verify(self, name: str, id: str) -> Sequence[str]:  # noqa: A002
        """Read every file of a snapshot; what is wrong, in words."""
        return await asyncio.to_thread(self._verify, name, id)

    async def drop(self, name: str, id: str) -> None:  # noqa: A002
        """Remove a snapshot."""
        await asyncio.to_thread(lambda: self._archive.drop(self._uid(name), id))

    async def uid(self, name: str) -> str:
        """The key of an index."""
        return await asyncio.to_thread(self._uid, name)

    async def name(self, uid: str) -> str:
        """What the index with this key is called."""
        index = await asyncio.to_thread(self._catalogue.at, uid)
        return index.definition.name

    async def plan_restore(self, name: str, wanted: Restoration) -> PlannedRestore:
        """Find what is to be restored and where, and make the index where it is a new one.

        An index that has gone is made anew under its name when `from_uid` tells its snapshots.

        Raises:
            NotConfirmed: in place, without the index's name. Conflict: the new name is taken, or
            the snapshot is of another kind than the index.
        """
        return await asyncio.to_thread(self._plan_restore, name, wanted)

    def publish(self, uid: str, tell: Tell) -> Detail:
        """Make a snapshot."""
        manifest = self._archive.publish(Told(self._catalogue.at(uid), tell))
        return {
            "snapshot": manifest.id,
            "version": manifest.version,
            "count": manifest.count,
            "size_bytes": manifest.size,
        }

    def restore(self, uid: str, planned: Detail, tell: Tell) -> Detail:
        """Do what `plan_restore` has planned; again, if need be, after it was interrupted."""
        index = self._catalogue.at(uid)
        snapshot = self._snapshot(str(planned["from_uid"]), str(planned["snapshot"]))
        put_back = restoration.fill if planned["is_new"] else restoration.replace
        restored = put_back(index, snapshot, tell)
        if index.damage is not None:
            self._catalogue.reload(index, lambda: tell(1.0))
        return {**planned, "index": index.definition.name, **asdict(restored)}

    def reload(self, uid: str, tell: Tell) -> Detail:
        """Make the view anew."""
        index = self._catalogue.at(uid)
        self._catalogue.reload(index, lambda: tell(0.0))
        return {"version": index.version, "segments": len(index.describe().segments)}

    def check(self, uid: str, tell: Tell, *, repair: bool) -> Detail:
        """Compare record and view, row by row; make the view anew where it differs and may."""
        index = self._catalogue.at(uid)
        report = inspect(index, tell)
        is_mended = repair and report.damage is None and bool(report.strays)
        if is_mended:
            self._catalogue.reload(index, lambda: tell(1.0))
        problems: list[JSONValue] = [*report.strays]
        if report.damage is not None:
            problems.append(report.damage)
        return {
            "version": report.version,
            "documents": report.documents,
            "problems": problems,
            "repaired": is_mended,
        }

    @property
    def _archive(self) -> Archive:
        if self._catalogue.archive is None:
            raise ValueError("the catalogue has no archive")
        return self._catalogue.archive

    def _uid(self, name: str) -> str:
        return self._catalogue.find(name).definition.uid

    def _list(self, name: str) -> Sequence[SnapshotFacts]:
        listed = self._archive.snapshots(self._uid(name))
        unreadable = [SnapshotFacts(id=None, fault=str(error)) for error in listed.unreadable]
        return [_tell(manifest) for manifest in listed.manifests] + unreadable

    def _verify(self, name: str, id: str) -> Sequence[str]:  # noqa: A002
        uid = self._uid(name)
        problems = self._archive.verify(uid, self._archive.find(uid, id))
        return [problem.message for problem in problems]

    def _plan_restore(self, name: str, wanted: Restoration) -> PlannedRestore:
        index = self._find(name, is_needed=wanted.from_uid is None)
        if index is not None and wanted.into is None:
            if wanted.confirmation != index.definition.name:
                raise NotConfirmed(index.definition.name)
            snapshot = self._snapshot(wanted.from_uid or index.definition.uid, wanted.snapshot)
            restoration.check_kind(index.definition, snapshot.manifest)
            return _plan(index, snapshot, is_new=False)
        from_uid = wanted.from_uid or (index.definition.uid if index is not None else "")
        snapshot = self._snapshot(from_uid, wanted.snapshot)
        return _plan(self._make(wanted.into or name, snapshot), snapshot, is_new=True)

    def _find(self, name: str, *, is_needed: bool) -> Index | None:
        try:
            return self._catalogue.find(name)
        except NotFound:
            if is_needed:
                raise
            return None

    def _make(self, name: str, snapshot: Snapshot) -> Index:
        """The index to be filled: a new one, or one that an earlier restore did not finish."""
        try:
            return self._catalogue.create(replace(snapshot.manifest.index, name=check_name(name)))
        except Conflict:
            index = self._find(name, is_needed=False)
            if index is None or not restoration.is_unfinished(index, snapshot):
                raise
            return index

    def _snapshot(self, uid: str, id: str) -> Snapshot:  # noqa: A002
        return Snapshot(self._archive.shelf, uid, self._archive.find(uid, id))


class Told:
    """An index that tells how much of it was read."""

    def __init__(self, index: Index, tell: Tell) -> None:
        self.definition = index.definition
        self.segments = index.segments
        self._index = index
        self._tell = tell

    @contextmanager
    def scan(self) -> Iterator[Scan]:
        """See Source."""
        with self._index.scan() as scan:
            yield replace(scan, batches=self._read(scan))

    def _read(self, scan: Scan) -> Iterator[Sequence[Document]]:
        done = 0
        for batch in scan.batches:
            yield batch
            done += len(batch)
            self._tell(done / max(scan.count, 1))


def _plan(index: Index, snapshot: Snapshot, *, is_new: bool) -> PlannedRestore:
    detail: Detail = {
        "from_uid": snapshot.uid,
        "snapshot": snapshot.manifest.id,
        "is_new": is_new,
    }
    return PlannedRestore(index.definition.uid, detail)


def _tell(manifest: Manifest) -> SnapshotFacts:
    return SnapshotFacts(
        id=manifest.id,
        created=manifest.created,
        version=manifest.version,
        count=manifest.count,
        size=manifest.size,
    )

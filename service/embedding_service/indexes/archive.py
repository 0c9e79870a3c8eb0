"""Snapshots of the indexes of this record: made, listed, dropped, and a view begun from one."""

import shutil
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from embedding_service.errors import ServiceError
from embedding_service.indexes.continuity import check_fit, check_history
from embedding_service.indexes.digests import Digest, name_files
from embedding_service.indexes.errors import Conflict, NotFound
from embedding_service.indexes.records.record import Build, Record, Standing
from embedding_service.indexes.segments.kernels import graphs
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.snapshots import loading, manifests, retention
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.choice import Choice
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, SnapshotStoreUnavailable
from embedding_service.indexes.snapshots.manifest import Blob, Manifest
from embedding_service.indexes.snapshots.manifests import Listed
from embedding_service.indexes.snapshots.publishing import publish, upload
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.shelf import NEWEST, Shelf
from embedding_service.indexes.snapshots.source import Source
from embedding_service.indexes.view import View

__all__ = ["NEWEST", "Archive", "Beginning", "Origin"]

_REST: Final = 60.0
"""Seconds in which a store that did not answer is not asked again for a view's beginning."""

_ANY: Final = Choice()

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Origin:
    """What a view was begun from; the record has led it on since."""

    snapshot: str | None = None
    """Its id; None is the record alone."""
    fault: str | None = None
    """Why it was not the snapshot that it should have been."""
    passed_over: str | None = None
    """Id of that one, where as much is known."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """A view that the record is to lead on."""

    view: View
    origin: Origin = Origin()


class Archive:
    """One store of snapshots. Thread-safe; all of it blocks on disks and networks.

    Any call but `begin`, `reconsider` and `forget` may raise SnapshotStoreUnavailable, and what
    reads a snapshot DamagedSnapshot and SnapshotTooNew.
    """

    policy: Policy
    """Which snapshots stay, where nobody says otherwise."""

    def __init__(
        self,
        store: BlobStore,
        folder: Path,
        policy: Policy,
        version: str,
        builds: Callable[[str], Build] = lambda _: Build(0, ()),
        choice: Choice = _ANY,
    ) -> None:
        """Over a store that belongs to one record.

        Args:
            store: Where snapshots lie, and graphs that several processes share.
            folder: For what is copied to disk here.
            policy: Which snapshots stay.
            version: Of this package.
            builds: The graphs of an index, by its uid, that are shared now and so must stay.
            choice: Which snapshots may be read, and which one a view begins with.
        """
        self._store = store
        self._builds = builds
        self._choice = choice
        self.shelf = Shelf(store)
        """All of the store, also what a server of one index is not to read by itself."""
        self._workspace = folder / "publishing"
        self._cache = folder / "segments"
        self.policy = policy
        self._libraries = {"gpu-embedding": version, "faiss": graphs.version()}
        self._ask_after = 0.0
        self._silence: str | None = None
        shutil.rmtree(self._workspace, ignore_errors=True)  # of a process that was killed

    def publish(self, source: Source, policy: Policy | None = None) -> Manifest:
        """Make a snapshot, then drop what has become too old. Raises OutOfSpace, IndexDamaged.

        With a `policy` of its own for that.
        """
        manifest = publish(
            self._store,
            source,
            self._workspace,
            created=datetime.now(UTC),
            libraries=self._libraries,
        )
        try:
            self.retire(manifest.index.uid, policy or self.policy)
        except ServiceError as error:  # the snapshot is there all the same
            _log.warning("old snapshots stay", index=manifest.index.name, reason=error.message)
        return manifest

    def snapshots(self, uid: str) -> Listed:
        """All snapshots of an index, those that cannot be read too. Raises NotFound."""
        self._check_readable(uid)
        return manifests.snapshots(self._store, uid)

    def find(self, uid: str, id: str) -> Manifest:  # noqa: A002  the field's own name
        """One snapshot by id, or the newest. Raises NotFound."""
        self._check_readable(uid)
        return self.shelf.find(uid, id)

    def verify(self, uid: str, manifest: Manifest) -> list[DamagedSnapshot]:
        """Read every file of a snapshot; what is wrong."""
        return loading.verify(self._store, uid, manifest)

    def drop(self, uid: str, id: str) -> None:  # noqa: A002
        """Take one snapshot away; its files follow some hours later. Raises NotFound."""
        retention.drop(self._store, uid, manifests.find(self._store, uid, id).number)

    def begin(self, record: Record, standing: Standing) -> Beginning:
        """A view with all that a snapshot can give it; what is missing is in the record.

        The newest, or the one that was chosen. Never raises for anything wrong with snapshots: the
        view is empty then, and its origin and the log say why.
        """
        definition = standing.definition
        if not standing.version:
            return Beginning(View(definition))
        if time.monotonic() < self._ask_after:
            return Beginning(View(definition), Origin(fault=self._silence))
        wanted = None
        try:
            chosen = self._choice.read()
            manifest = self._pick(definition.uid, chosen)
            if manifest is None:
                return Beginning(View(definition))
            wanted = manifest.id
            return self._begin(record, standing, manifest)
        except Exception as error:  # noqa: BLE001  nothing here may stop a start
            if isinstance(error, SnapshotStoreUnavailable):
                self._ask_after, self._silence = time.monotonic() + _REST, str(error)
            _log.warning(
                "a snapshot is passed over; the record suffices",
                index=definition.name,
                reason=str(error),
            )
            return Beginning(View(definition), Origin(fault=str(error), passed_over=wanted))

    def reconsider(self, uid: str, origin: Origin) -> Origin:
        """Without its fault where that is over: the store answers, with another snapshot.

        The files of the one that was passed over are not read again: they may be gigabytes.
        """
        try:
            manifest = self._pick(uid, self._choice.read())
        except (ServiceError, OSError, ValueError):
            return origin
        is_same = manifest is not None and manifest.id == origin.passed_over
        return origin if is_same else Origin(origin.snapshot)

    def begin_with(self, record: Record, standing: Standing, id: str) -> Beginning:  # noqa: A002
        """The same with this snapshot and no other. Raises NotFound, Conflict: it cannot be."""
        try:
            manifest = self.shelf.find(standing.definition.uid, id)
            return self._begin(record, standing, manifest)
        except ServiceError:
            raise
        except Exception as error:
            raise Conflict(f"snapshot {id} cannot be begun with: {error}") from error

    def chosen(self) -> str | None:
        """The snapshot that a view is to begin with; None is the newest.

        Raises OSError, ValueError.
        """
        return self._choice.read()

    def share(self, uid: str, folder: Path, digests: Mapping[str, Digest]) -> None:
        """Put a segment's files into the store, for `fetch` in any process. Raises OutOfSpace."""
        upload(self._store, uid, folder, digests)

    def fetch(self, uid: str, digests: Mapping[str, Digest]) -> Sealed:
        """A segment with a graph that was shared. Raises OutOfSpace."""
        folder = self._workspace / f"{name_files(digests)}-{uuid.uuid4().hex}"
        try:
            return loading.fetch_segment(self._store, uid, digests, folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)  # it is in memory

    def collect(self, uid: str) -> None:
        """Remove files from the store that nothing names any more."""
        segments = self._builds(uid).segments
        shared = {Blob.of_file(each).name for files in segments for each in files.values()}
        retention.collect(self._store, uid, also_named=shared)

    def forget(self, uid: str) -> None:
        """Remove the files on disk here of an index that is gone; its snapshots stay."""
        shutil.rmtree(self._cache / uid, ignore_errors=True)

    def drop_old(self, uid: str, policy: Policy) -> list[str]:
        """Drop the snapshots that `policy` lets go; their ids, oldest first."""
        listed = manifests.snapshots(self._store, uid)
        dropped = []
        for old in retention.plan_drops(listed.manifests, policy, datetime.now(UTC)):
            retention.drop(self._store, uid, old.number)
            dropped.append(old.id)
        return dropped

    def retire(self, uid: str, policy: Policy) -> list[str]:
        """The same, and remove files if that can be done now."""
        dropped = self.drop_old(uid, policy)
        try:
            self.collect(uid)
        except ServiceError as error:  # they may go the next time
            _log.warning("files of old snapshots stay", uid=uid, reason=error.message)
        return dropped

    def purge(self, uid: str) -> int:
        """Remove every snapshot of an index, and its files; how many there were."""
        return retention.purge(self._store, uid)

    def _check_readable(self, uid: str) -> None:
        if self._choice.only not in {None, uid}:  # of another namespace, perhaps
            raise NotFound("index", uid)

    def _pick(self, uid: str, chosen: str | None) -> Manifest | None:
        if chosen is None:
            return manifests.newest(self._store, uid)
        return self.shelf.find(uid, chosen)

    def _begin(self, record: Record, standing: Standing, manifest: Manifest) -> Beginning:
        definition = standing.definition
        view, origin = View(definition), Origin(manifest.id)
        check_fit(manifest, standing)
        if manifest.segments is None:  # of an index without documents
            return Beginning(view, origin)
        folder = self._cache / definition.uid
        segments = loading.fetch_segments(self._store, definition.uid, manifest, folder)
        loading.keep_only(manifest, folder)
        check_history(record, definition.uid, segments)
        view.load(segments.items, segments.version)
        return Beginning(view, origin)

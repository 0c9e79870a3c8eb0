"""The graphs of one index that several processes search: one builds them, the others load them.

So replicas give the same answers, and what takes minutes of all cores is done once. Who builds is
elected by the database, which takes the office back when its holder dies. What was built is put
into the store of snapshots, then told by a row of the record, which every process follows anyway.

Where the processes do not share a store, what another has built cannot be loaded; then each builds
for itself, and says so.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import structlog

from embedding_service.indexes.archive import Archive
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.digests import Digest, name_files
from embedding_service.indexes.records.record import Build, Election, HistoryLost, Record
from embedding_service.indexes.snapshots.errors import DamagedSnapshot, SnapshotStoreUnavailable
from embedding_service.indexes.upkeep.building import Built
from embedding_service.indexes.view import View

_log = structlog.stdlib.get_logger(__name__)


class Sharing:
    """Of one index. One thread at a time uses it: that of upkeep, or that of a compaction."""

    def __init__(self, record: Record, definition: Definition, archive: Archive | None) -> None:
        """Without an archive, or with a record of its own, a process shares nothing."""
        self._record = record
        self._definition = definition
        self._archive = archive if record.is_shared else None
        self._election: Election | None = None
        self._is_alone = False
        self.told = 0
        """Number of the newest build, as the record told it last."""

    def has_news(self, view: View) -> bool:
        """Whether another process has built what `view` does not search."""
        return self._archive is not None and self.told != view.build

    @contextmanager
    def office(self) -> Iterator[bool]:
        """Whether this process is the one to build, until the block ends."""
        if self._archive is None or self._is_alone:
            yield True
            return
        self._election = self._record.try_lock(self._definition.uid)
        try:
            yield self._election is not None
        finally:
            if self._election is not None:
                self._election.release()
                self._election = None

    def take(self, view: View) -> bool:
        """Let `view` search what others have built since; whether there was anything.

        Raises RecordUnavailable, SnapshotStoreUnavailable, OutOfSpace: it can be tried again.
        """
        if self._archive is None:
            return False
        try:
            build = self._record.build(self._definition.uid, view.known)
        except HistoryLost:  # the view is about to be made anew
            return False
        if build.number == view.build:
            return False
        held = {name_files(each.files) for each, _ in view.sealed if each.files is not None}
        try:
            for files in build.segments:
                if name_files(files) not in held:
                    view.adopt(self._archive.fetch(self._definition.uid, files))
        except DamagedSnapshot as error:
            self._stay_alone(error)
        else:
            self._is_alone = False
        view.build = build.number
        return True

    def give(self, view: View, built: Built) -> None:
        """Let others search what was built here, and is searched in `view` already."""
        if self._archive is None or self._is_alone or self._election is None:
            return
        uid, known = self._definition.uid, view.known
        try:
            self._archive.share(uid, built.folder, built.segment.files or {})
            build = Build(view.build + 1, _files_of(view))
            if self._election.is_held and self._record.publish_build(uid, build, known):
                view.build = build.number
                self._archive.collect(uid)
        except (SnapshotStoreUnavailable, HistoryLost) as error:
            _log.warning(
                "a graph is not shared; the next one will be",
                index=self._definition.name,
                reason=str(error),
            )

    def _stay_alone(self, error: DamagedSnapshot) -> None:
        if not self._is_alone:
            _log.warning(
                "graphs that another process has built cannot be loaded; this one builds its own. "
                "Processes that share a database should share SNAPSHOT_URL",
                index=self._definition.name,
                reason=error.message,
            )
        self._is_alone = True


def _files_of(view: View) -> Sequence[Mapping[str, Digest]]:
    return tuple(
        segment.files
        for segment, _ in view.sealed
        if segment.graph is not None and segment.files is not None
    )

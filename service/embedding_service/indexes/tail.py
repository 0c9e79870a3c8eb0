"""How a view comes to the version of the record, and stays there."""

from collections.abc import Callable
from typing import Final

import structlog

from embedding_service.indexes.archive import Archive, Beginning, Origin
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import Conflict, IndexDamaged
from embedding_service.indexes.records.record import HistoryLost, Record
from embedding_service.indexes.view import View

_ROWS_AT_ONCE: Final = 4_096

_log = structlog.stdlib.get_logger(__name__)


class Tail:
    """The writes of one index, in the order of their versions."""

    def __init__(self, record: Record, definition: Definition, archive: Archive | None) -> None:
        self._record = record
        self._definition = definition
        self._archive = archive

    def begin(self, snapshot: str | None = None) -> Beginning:
        """A new view, with as much in it as a snapshot gives. Raises NotFound.

        With this `snapshot`, or as it was chosen for all. Raises Conflict: not with that one.
        """
        if self._archive is None:
            return Beginning(View(self._definition))
        standing = self._record.standing(self._definition.uid)
        if snapshot is None:
            return self._archive.begin(self._record, standing)
        return self._archive.begin_with(self._record, standing, snapshot)

    def reconsider(self, origin: Origin) -> Origin:
        """Where a view comes from, without a fault that is over."""
        if self._archive is None or origin.fault is None:
            return origin
        return self._archive.reconsider(self._definition.uid, origin)

    def follow(self, view: View, pause: Callable[[], None] = lambda: None) -> View:
        """The view at the record's version: this one, or another.

        `pause` is called between two stretches, and may raise to end it all.

        Removals are forgotten some time after (`purged_version`). A view that has not seen one of
        those, or may have missed one while it was reading, is made afresh; so is one with writes
        that the record has lost.

        Raises NotFound, RecordUnavailable, IndexDamaged.
        """
        uid = self._definition.uid
        while True:
            before = self._record.standing(uid)
            if not before.purged_version <= view.version <= before.version:
                view = View(self._definition, view.policy)
            # A row that a fresh view reads was live after `before`: it needs only later removals.
            needed = view.version or before.version
            try:
                self._read_on(view, pause)
            except HistoryLost:
                _log.warning(
                    "the record has lost what it had; all of it is read anew",
                    index=self._definition.name,
                    version=view.version,
                )
                view = View(self._definition, view.policy)
                continue
            if self._record.standing(uid).purged_version <= needed:
                return view
            view = View(self._definition, view.policy)

    def begin_whole(
        self, pause: Callable[[], None] = lambda: None, snapshot: str | None = None
    ) -> Beginning:
        """A new view at the record's version. Raises as `begin` and `follow`.

        With another number of documents than the record counts it is made by the record alone, and
        should that differ too, the log says so: rows go missing without a word where a database's
        own pages are damaged. Where a `snapshot` was named, Conflict is raised instead.
        """
        begun = self.begin(snapshot)
        view, origin = self.follow(begun.view, pause), begun.origin
        if view is not begun.view and origin.snapshot is not None:
            told = f"the record does not lead on from snapshot {origin.snapshot}"
            origin = Origin(fault=told, passed_over=origin.snapshot)
        is_whole = self._is_whole(view)
        if not is_whole and origin.snapshot is not None:
            told = f"snapshot {origin.snapshot} does not lead to all documents"
            origin = Origin(fault=told, passed_over=origin.snapshot)
        if snapshot is not None and origin.snapshot is None:
            raise Conflict(origin.fault or "there are no snapshots here")
        if is_whole:
            return Beginning(view, origin)
        view = self.follow(View(self._definition), pause)
        if not self._is_whole(view):
            _log.error(
                "the record has another number of documents than it counts; check the index, and "
                "compare it with its newest snapshot",
                index=self._definition.name,
                documents=view.describe().live,
            )
        return Beginning(view, origin)

    def _is_whole(self, view: View) -> bool:
        standing = self._record.standing(self._definition.uid)
        is_behind = standing.version != view.version  # somebody has written since
        return is_behind or standing.count == view.describe().live

    def _read_on(self, view: View, pause: Callable[[], None]) -> None:
        while True:
            pause()
            changes = self._record.changes(
                self._definition.uid, view.version, _ROWS_AT_ONCE, view.known
            )
            try:
                view.apply(changes)
                view.known = changes.head
            except ValueError as error:  # what is written has been checked: that is no row of ours
                raise IndexDamaged(
                    self._definition.name,
                    f"rows after version {view.version} cannot be taken into memory: {error}",
                ) from error
            if len(changes.versions) < _ROWS_AT_ONCE:
                return

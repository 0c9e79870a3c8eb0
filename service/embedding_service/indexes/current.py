"""The view of one index that is searched now, kept at the record's version."""

import threading
from collections.abc import Callable

from embedding_service.indexes.archive import Beginning, Origin
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Committed
from embedding_service.indexes.tail import Tail
from embedding_service.indexes.view import View


class Current:
    """Thread-safe. Whoever searches takes `view` once: another one may take its place.

    Any call may raise NotFound, RecordUnavailable, IndexDamaged.
    """

    def __init__(self, tail: Tail, definition: Definition) -> None:
        self._tail = tail
        self._applying = threading.Lock()
        self._begun = self._ended = 0
        """Catch-ups, counted as they begin; the last one that has come to its end."""
        self.view = View(definition)
        self.version = 0
        """Applied: a search finds everything up to it.

        That of the view is ahead while it catches up by many rows: of a document that was replaced
        since, only the newest row comes, and comes last.
        """
        self.origin = Origin()
        """Where the view comes from."""
        self.is_loaded = False
        """Whether it has followed the record once."""

    def follow(self) -> None:
        """Apply what the record has and the view has not, whoever wrote it."""
        with self._applying:
            if self.is_loaded:
                self._catch_up(self.view)
            else:
                self._take_over(lambda: self._begun_as(self._tail.begin_whole()))
            self.is_loaded = True  # under the lock, or whoever comes next would begin again

    def reload(self, pause: Callable[[], None], snapshot: str | None) -> None:
        """Make a new view beside the one that is searched meanwhile, and put it in its place.

        `pause` is called now and then, and may raise to end it. Raises Conflict when it cannot
        begin with the `snapshot` that is named.
        """
        begun = self._tail.begin_whole(pause, snapshot)
        with self._applying:
            self._catch_up(self._begun_as(begun))
            self.is_loaded = True

    def reconsider(self) -> None:
        """Forget why it was not begun with a snapshot, where that is over."""
        before = self.origin
        after = self._tail.reconsider(before)
        with self._applying:
            if self.origin is before:  # else it was made anew meanwhile
                self.origin = after

    def take(self, committed: Committed) -> None:
        """Bring the view to what was committed here, before the caller hears of it."""
        begun = self._begun
        with self._applying:
            if self._ended <= begun:  # else somebody has read on since the commit
                self._take(committed)

    def _take(self, committed: Committed) -> None:
        step, view = committed.step, self.view
        if step is None:
            if view.version < committed.version:
                self._catch_up(view)
        elif step.start == view.known and step.start.version == view.version:
            view.apply(committed.changes)
            view.known = step.end
            self.version = view.version
        elif step.end != view.known:  # others have written in between
            self._catch_up(view)

    def _begun_as(self, begun: Beginning) -> View:
        self.origin = begun.origin
        return begun.view

    def _catch_up(self, view: View) -> None:
        self._take_over(lambda: self._tail.follow(view))
        if self.view is not view:  # made anew, by the record alone
            self.origin = Origin()

    def _take_over(self, make: Callable[[], View]) -> None:
        self._begun += 1
        self.view = make()
        self.version = self.view.version
        self._ended = self._begun

"""One open index: its rows in the record and the view of them in memory, kept together."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.documents import Committed, Document, IdempotencyKey, Puts
from embedding_service.indexes.filters.tree import Filter
from embedding_service.indexes.records.record import Quota, Record, Standing
from embedding_service.indexes.search.found import Found
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.kernels.graphs import Reach
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.view import View, ViewFacts
from embedding_service.telemetry.index_metrics import IndexMetrics
from embedding_service.vectors import Matrix

_ROWS_AT_ONCE = 4_096
"""Of the record, when following it."""
_TRIES = 2
"""Searches before writers are kept out of one."""


@dataclass(frozen=True, slots=True)
class Query:
    """What is searched for, by every row of a matrix alike."""

    matrix: Matrix
    """Shape (q, d), as the index keeps vectors: of unit length for cosine."""
    top_k: int
    filter: Filter | None = None
    is_exact: bool = False
    wants_documents: bool = True
    """Whether hits need more than id and score."""


class Index:
    """Thread-safe. A write is in the view before its call returns; searches never wait for one."""

    def __init__(
        self, record: Record, definition: Definition, quota: Quota, metrics: IndexMetrics
    ) -> None:
        self.definition = definition
        self._record = record
        self._quota = quota
        self._metrics = metrics
        self._view = View(definition)
        self._applying = threading.Lock()
        self._watchers: list[tuple[int, Callable[[], None]]] = []
        self._watching = threading.Lock()
        self.is_loaded = False
        """Whether it has followed the record once."""
        self.damage: str | None = None
        """Why it stopped: a row that is not what was written."""

    @property
    def version(self) -> int:
        """Applied here: a search finds everything up to it."""
        return self._view.version

    @property
    def sealed(self) -> Sequence[tuple[Sealed, Bitmap]]:
        """Its sealed segments with their live rows, as they are now."""
        return self._view.state.sealed

    def adopt(self, segment: Sealed, effort: int = 0) -> None:
        """Take in a segment in place of where its rows are now.

        `effort` is by how much graphs must be searched further than they would be, 0 by nothing.
        """
        view, policy = self._view, self._view.policy
        if (wanted := Reach().scaled(effort)).ef_search > policy.reach.ef_search:
            view.policy = replace(policy, reach=wanted)  # before the graph that needs it
        view.adopt(segment)
        self._measure()

    def put(self, puts: Puts, key: IdempotencyKey | None = None) -> Committed:
        """Add or replace documents. Raises OutOfSpace, KeyReused, RecordUnavailable."""
        uid = self.definition.uid
        return self._write(lambda: self._record.put(uid, puts, self._quota, key))

    def remove(self, ids: Sequence[str], key: IdempotencyKey | None = None) -> Committed:
        """Remove documents; ids that do not exist are passed over."""
        uid = self.definition.uid
        return self._write(lambda: self._record.remove(uid, ids, key))

    def remove_where(self, condition: Filter, key: IdempotencyKey | None = None) -> Committed:
        """Remove the documents for which `condition` holds, judged on the record itself."""
        uid = self.definition.uid
        return self._write(lambda: self._record.remove_where(uid, condition.matches, key))

    def repeated(self, key: IdempotencyKey) -> Committed | None:
        """The answer of the write that `key` named before. Raises KeyReused."""
        found = self._record.repeated(self.definition.uid, key)
        return None if found is None else self._apply(found)

    def follow(self) -> None:
        """Apply what the record has and the view has not, whoever wrote it."""
        with self._applying:
            self._catch_up()
        self.is_loaded = True
        self._tell()

    def read(self, id: str) -> Document:  # noqa: A002  the field's own name
        """One document. Raises NotFound."""
        return self._record.read(self.definition.uid, id)

    def page(self, after: int, most: int) -> list[Document]:
        """Up to `most` documents whose key is above `after`, in the order of their keys."""
        return self._record.page(self.definition.uid, after, most)

    def standing(self) -> Standing:
        """The index as the record has it."""
        return self._record.standing(self.definition.uid)

    def describe(self) -> ViewFacts:
        """The index as it is in memory."""
        return self._view.describe()

    def search(self, query: Query) -> tuple[Found, dict[int, Document]]:
        """The nearest documents of each query, and those documents by key where they are wanted.

        A document that is replaced between its search and its reading would come with a score that
        is not its own, so that the search is done again; the last time with writers kept out.
        """
        self._metrics.queries.labels(self.definition.name).inc(len(query.matrix))
        if not query.wants_documents:
            return self._search(query), {}
        for _ in range(_TRIES):
            found = self._search(query)
            documents = self._fetch(found)
            if _is_current(found, documents):
                return found, documents
            self.follow()
        with self._record.hold(self.definition.uid):
            self.follow()
            found = self._search(query)
            return found, self._fetch(found)

    def when_applied(self, version: int, tell: Callable[[], None]) -> None:
        """Call `tell` once, in whatever thread, when `version` has been applied."""
        with self._watching:
            self._watchers.append((version, tell))
        self._tell()

    def forget(self, tell: Callable[[], None]) -> None:
        """`tell` is not to be called any more."""
        with self._watching:
            self._watchers = [each for each in self._watchers if each[1] is not tell]

    def _search(self, query: Query) -> Found:
        with self._metrics.search_duration.labels(self.definition.name).time():
            return self._view.search(
                query.matrix, query.top_k, condition=query.filter, is_exact=query.is_exact
            )

    def _write(self, write: Callable[[], Committed]) -> Committed:
        name = self.definition.name
        with self._metrics.write_duration.labels(name).time():
            committed = self._apply(write())
        self._metrics.written.labels(name).inc(len(committed.changes.keys))
        return committed

    def _fetch(self, found: Found) -> dict[int, Document]:
        keys = {int(key) for hits in found.queries for key in hits.keys}
        return self._record.fetch(self.definition.uid, sorted(keys)) if keys else {}

    def _apply(self, committed: Committed) -> Committed:
        """Bring the view to what was committed before the caller hears of it."""
        versions = committed.changes.versions
        with self._applying:
            if len(versions) and versions[0] == self._view.version + 1:
                self._view.apply(committed.changes)
            elif self._view.version < committed.version:  # others have written in between
                self._catch_up()
        self._tell()
        return committed

    def _catch_up(self) -> None:
        """Bring the view to the record's version.

        Removals are forgotten some time after (`purged_version`). A view that has not seen one of
        those, or may have missed one while it was reading, is made afresh.
        """
        view = self._view
        while True:
            before = self.standing()
            if not before.purged_version <= view.version <= before.version:
                view = View(self.definition, view.policy)
            # A row that a fresh view reads was live after `before`: it needs only later removals.
            needed = view.version or before.version
            self._read_on(view)
            if self.standing().purged_version <= needed:
                break
            view = View(self.definition, view.policy)
        self._view = view

    def _read_on(self, view: View) -> None:
        while True:
            changes = self._record.changes(self.definition.uid, view.version, _ROWS_AT_ONCE)
            view.apply(changes)
            if len(changes.versions) < _ROWS_AT_ONCE:
                return

    def _tell(self) -> None:
        self._measure()
        with self._watching:
            due = [tell for version, tell in self._watchers if version <= self.version]
            self._watchers = [each for each in self._watchers if each[0] > self.version]
        for tell in due:
            tell()

    def _measure(self) -> None:
        facts, name, metrics = self._view.describe(), self.definition.name, self._metrics
        metrics.documents.labels(name).set(facts.live)
        metrics.version.labels(name).set(facts.version)
        metrics.memory.labels(name).set(facts.nbytes)
        metrics.segments.labels(name).set(len(facts.segments))
        unbuilt = sum(each.live for each in facts.segments if each.engine is Engine.FLAT)
        metrics.unbuilt.labels(name).set(unbuilt)


def _is_current(found: Found, documents: dict[int, Document]) -> bool:
    return all(
        (document := documents.get(int(key))) is not None and document.version == version
        for hits in found.queries
        for key, version in zip(hits.keys, hits.versions, strict=True)
    )

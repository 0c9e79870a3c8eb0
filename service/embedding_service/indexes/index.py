"""One open index: its rows in the record and the view of them in memory, kept together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager

import numpy as np

from embedding_service.indexes.archive import Archive, Origin
from embedding_service.indexes.current import Current
from embedding_service.indexes.definition import Definition, Engine
from embedding_service.indexes.documents import (
    Committed,
    Document,
    IdempotencyKey,
    Point,
    Puts,
    Scan,
)
from embedding_service.indexes.errors import Damage, RecordUnavailable
from embedding_service.indexes.filters.tree import Filter
from embedding_service.indexes.query import Query
from embedding_service.indexes.records.record import Quota, Record, Standing
from embedding_service.indexes.search.found import Found
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.concatenation import concatenate
from embedding_service.indexes.sharing import Sharing
from embedding_service.indexes.snapshots.source import Segments
from embedding_service.indexes.tail import Tail
from embedding_service.indexes.upkeep.building import Built
from embedding_service.indexes.upkeep.kept import Holding
from embedding_service.indexes.view import State, View, ViewFacts
from embedding_service.indexes.watchers import Watchers
from embedding_service.telemetry.index_metrics import IndexMetrics

_TRIES = 2
"""Searches before writers are kept out of one."""


class Index:
    """Thread-safe. A write is in the view before its call returns; searches never wait for one."""

    def __init__(
        self,
        record: Record,
        definition: Definition,
        quota: Quota,
        metrics: IndexMetrics,
        archive: Archive | None = None,
    ) -> None:
        """Its view begins with its newest snapshot where `archive` has one that fits."""
        self.definition = definition
        self.record = record
        self._current = Current(Tail(record, definition, archive), definition)
        self._sharing = Sharing(record, definition, archive)
        self._quota = quota
        self._metrics = metrics
        self._watchers = Watchers()
        self.damage: Damage | None = None
        """Why it has stopped."""

    @property
    def version(self) -> int:
        """Applied here: a search finds everything up to it."""
        return self._current.version

    @property
    def is_loaded(self) -> bool:
        """Whether it has followed the record once."""
        return self._current.is_loaded

    @property
    def known(self) -> Point | None:
        """The last place in the record's history that what is here comes from."""
        return self._current.view.known

    @property
    def view(self) -> View:
        """What is searched now; another one may take its place."""
        return self._current.view

    @property
    def origin(self) -> Origin:
        """What the view was begun from."""
        return self._current.origin

    def reconsider(self) -> None:
        """Forget the fault of its origin where that is over. Asks the store; may take a minute."""
        self._current.reconsider()

    def segments(self) -> Segments:
        """All rows as sealed segments, at one version: what a view may begin with."""
        state = self._current.view.state
        items = list(state.sealed)
        if state.growing_live.ones:
            rest = concatenate([(state.growing, state.growing_live)])
            items.append((rest, Bitmap.full(len(rest))))
        return Segments(state.version, items)

    def scan(self) -> AbstractContextManager[Scan]:
        """All documents of one moment, as the record has them."""
        return self.record.scan(self.definition.uid)

    @contextmanager
    def standstill(self) -> Iterator[tuple[Scan, State]]:
        """The record and the view at one version. Raises IndexDamaged."""
        with ExitStack() as stack:
            with self.record.hold(self.definition.uid):
                scan = stack.enter_context(self.scan())
                self.follow()
                state = self._current.view.state
            yield scan, state

    @property
    def has_news(self) -> bool:
        """Whether there are graphs that another process has built, and that are not loaded."""
        return self.is_loaded and self._sharing.has_news(self.view)

    def hear(self, standing: Standing) -> None:
        """Learn what the record says of it: its engine, and the graphs that others have built."""
        self._sharing.told = standing.build
        self.definition = standing.definition

    def office(self) -> AbstractContextManager[bool]:
        """Whether no other process builds graphs for it until the block ends."""
        return self._sharing.office()

    def take_builds(self) -> bool:
        """Load the graphs that others have built since; whether there were any.

        First it learns of their engine, or would take them for outdated ones.

        Raises RecordUnavailable, SnapshotStoreUnavailable, OutOfSpace.
        """
        self.follow()
        has_taken = self._sharing.take(self.view)
        self.hear(self.standing())
        return has_taken

    def give_build(self, holding: Holding, built: Built) -> None:
        """Let others load a graph that `holding` is searched by, while in office."""
        view = self.view
        if holding is view:
            self._sharing.give(view, built)

    def put(self, puts: Puts, key: IdempotencyKey | None = None) -> Committed:
        """Add or replace documents.

        Raises:
            OutOfSpace, KeyReused, RecordUnavailable. ValueError: a vector is not finite; in the
            record it would stop every process.
        """
        uid = self.definition.uid
        if not np.isfinite(puts.matrix).all():
            raise ValueError("a vector is not finite")
        return self._write(lambda: self.record.put(uid, puts, self._quota, key))

    def remove(self, ids: Sequence[str], key: IdempotencyKey | None = None) -> Committed:
        """Remove documents; ids that do not exist are passed over."""
        uid = self.definition.uid
        return self._write(lambda: self.record.remove(uid, ids, key))

    def remove_where(self, condition: Filter, key: IdempotencyKey | None = None) -> Committed:
        """Remove the documents for which `condition` holds, judged on the record itself."""
        uid = self.definition.uid
        return self._write(lambda: self.record.remove_where(uid, condition.matches, key))

    def repeated(self, key: IdempotencyKey) -> Committed | None:
        """The answer of the write that `key` named before. Raises KeyReused."""
        found = self.record.repeated(self.definition.uid, key)
        return None if found is None else self._apply(found)

    def follow(self) -> None:
        """Apply what the record has and the view has not, whoever wrote it."""
        self._current.follow()
        self._tell()

    def reload(self, pause: Callable[[], None] = lambda: None, snapshot: str | None = None) -> None:
        """Make the view anew, beside the one that is searched meanwhile, and put it in its place.

        What is found is the same before and after. `pause` is called now and then, and may raise to
        end it. Raises IndexDamaged, RecordUnavailable, and Conflict for a named `snapshot`.
        """
        self._current.reload(pause, snapshot)
        self._tell()

    def read(self, id: str) -> Document:  # noqa: A002  the field's own name
        """One document. Raises NotFound."""
        return self.record.read(self.definition.uid, id)

    def page(self, after: int, most: int) -> list[Document]:
        """Up to `most` documents whose key is above `after`, in the order of their keys."""
        return self.record.page(self.definition.uid, after, most)

    def standing(self) -> Standing:
        """The index as the record has it."""
        return self.record.standing(self.definition.uid)

    def describe(self) -> ViewFacts:
        """The index as it is in memory."""
        return self._current.view.describe()

    @property
    def width(self) -> int:
        """Segments, each of which a thread of its own may search."""
        return len(self._current.view.state.parts)

    def search(self, query: Query) -> tuple[Found, dict[int, Document]]:
        """The nearest documents of each query, and those documents by key where they are wanted.

        A document that is replaced between its search and its reading would come with a score that
        is not its own, so that the search is done again; the last time with writers kept out.
        While a database that is not on this machine is away, no document comes: see `silence`.
        """
        self._metrics.queries.labels(self.definition.name).inc(len(query.matrix))
        if not query.wants_documents or self.silence is not None:
            return self._search(query), {}
        try:
            return self._search_and_fetch(query)
        except RecordUnavailable as error:
            if not self.record.is_shared:
                raise
            self.record.silence.begin(error.message)
            return self._search(query), {}

    @property
    def silence(self) -> float | None:
        """Seconds since the record answered last, where it does not answer now."""
        return self.record.silence.seconds

    def _search_and_fetch(self, query: Query) -> tuple[Found, dict[int, Document]]:
        for _ in range(_TRIES):
            found = self._search(query)
            documents = self._fetch(found)
            if _is_current(found, documents):
                return found, documents
            self.follow()
        with self.record.hold(self.definition.uid):
            self.follow()
            found = self._search(query)
            return found, self._fetch(found)

    def when_applied(self, version: int, tell: Callable[[], None]) -> None:
        """Call `tell` once, in whatever thread, when `version` has been applied."""
        self._watchers.add(version, tell)
        self._tell()

    def forget(self, tell: Callable[[], None]) -> None:
        """`tell` is not to be called any more."""
        self._watchers.drop(tell)

    def _search(self, query: Query) -> Found:
        with self._metrics.search_duration.labels(self.definition.name).time():
            return self._current.view.search(
                query.matrix,
                query.top_k,
                condition=query.filter,
                is_exact=query.is_exact,
                spread=query.spread,
            )

    def _write(self, write: Callable[[], Committed]) -> Committed:
        name = self.definition.name
        with self._metrics.write_duration.labels(name).time():
            committed = self._apply(write())
        self._metrics.written.labels(name).inc(len(committed.changes.keys))
        return committed

    def _fetch(self, found: Found) -> dict[int, Document]:
        keys = {int(key) for hits in found.queries for key in hits.keys}
        return self.record.fetch(self.definition.uid, sorted(keys)) if keys else {}

    def _apply(self, committed: Committed) -> Committed:
        """Bring the view to what was committed before the caller hears of it."""
        if self.damage is not None:  # it has stopped, and what mends it comes this way
            return committed
        self._current.take(committed)
        self._tell()
        return committed

    def _tell(self) -> None:
        self.measure()
        self._watchers.tell(lambda: self.version)

    def measure(self) -> None:
        """Tell the metrics what is in memory."""
        facts, name, metrics = self._current.view.describe(), self.definition.name, self._metrics
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

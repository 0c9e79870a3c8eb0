"""The front door of the room: names to open indexes, whatever process made them."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import structlog

from embedding_service.errors import ServiceError, Unavailable
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import Damage, IndexDamaged, NotFound, RecordUnavailable
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Listener, Quota, Record, Standing
from embedding_service.indexes.records.silence import Silence
from embedding_service.telemetry.index_metrics import IndexMetrics

_RETRY_AFTER_LOADING = 5.0
_KEPT_REMOVALS: Final = 7 * 86_400.0
"""Seconds: longer than between two snapshots, or a start could not begin with the newest."""

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Names:
    """What the record knew when it was asked last; replaced whole, so that it is never half new."""

    uids: dict[str, str]
    """By name and by alias."""
    aliases: dict[str, str]
    """Alias to name."""


class Catalogue:
    """Every index of one record. Thread-safe; all of it may block on the database.

    Names are looked up in memory first: searches go on when the database does not answer.
    """

    def __init__(
        self,
        record: Record,
        quota: Quota,
        metrics: IndexMetrics,
        archive: Archive | None = None,
    ) -> None:
        self._record = record
        self.archive = archive
        self._quota = quota
        self._metrics = metrics
        self._names = _Names({}, {})
        self._indexes: dict[str, Index] = {}
        self._opening = threading.Lock()
        self._learning = threading.Lock()
        self.is_loaded = False
        """Whether every index has applied what the record had when `load` was called."""

    @property
    def is_shared(self) -> bool:
        """Whether other processes write to the same record, so that `refresh` has news."""
        return self._record.is_shared

    @property
    def is_moving(self) -> bool:
        """Whether something else than this process changes what `refresh` looks at."""
        return self._record.is_shared or self._record.is_renamed

    @property
    def silence(self) -> Silence:
        """Since when the database has not answered."""
        return self._record.silence

    def load(self) -> None:
        """Open every index and apply all of it. Raises RecordUnavailable."""
        self.refresh()
        self.is_loaded = True

    def refresh(self) -> None:
        """Follow the record: what others have created, written, dropped or pointed elsewhere."""
        try:
            self._refresh()
        except RecordUnavailable as error:
            if self.is_shared:
                self._record.silence.begin(error.message)
            raise
        self._record.silence.end()

    def _refresh(self) -> None:
        known = set(self._indexes)  # before asking: what is created meanwhile has not gone
        standings = self._learn()
        for standing in standings:
            index = self._index_of(standing.definition)
            index.hear(standing)
            if not index.is_loaded or index.known != standing.head:
                self._follow(index, standing)
        for uid in known - {standing.definition.uid for standing in standings}:
            self._forget(uid)

    def create(self, definition: Definition) -> Index:
        """A new index of this definition, under a key of its own. Raises Conflict."""
        standing = self._record.create(replace(definition, uid=uuid.uuid4().hex))
        self._learn()
        return self._loaded(standing)

    def retune(self, uid: str, wanted: Blueprint, revision: int | None = None) -> Index:
        """Have an index searched by another engine, as Record.retune. Raises NotFound.

        Its graphs are searched until those that it asks for are built.
        """
        standing = self._record.retune(uid, wanted, revision)
        index = self._index_of(standing.definition)
        if index.definition != standing.definition:
            index.hear(standing)
            definition = standing.definition
            tuning = definition.tuning.as_json()
            _log.info("another engine", index=definition.name, engine=definition.engine, **tuning)
        return index

    def get(self, name: str) -> Index:
        """The index called so, or that an alias of that name points to.

        Raises:
            NotFound: neither is there. Unavailable: it is, and not loaded yet. IndexDamaged.
        """
        uid = self._names.uids.get(name)
        index = None if uid is None else self._indexes.get(uid)
        if index is not None and index.damage is not None:
            raise IndexDamaged(name, index.damage.reason)
        if index is not None and index.is_loaded:
            return index
        if not self.is_loaded:
            raise Unavailable(f"index {name!r} is not loaded yet; come back", _RETRY_AFTER_LOADING)
        standing = self._record.find(name)  # made by another process a moment ago, or nowhere
        self._learn()
        return self._loaded(standing)

    def find(self, name: str) -> Index:
        """As `get`, an index that has stopped too: for what mends it."""
        return self._index_of(self._record.find(name).definition)

    def of(self, standing: Standing) -> Index:
        """The index that the record has there, loaded or not."""
        return self._index_of(standing.definition)

    def at(self, uid: str) -> Index:
        """The index with this key, one that has stopped too. Raises NotFound."""
        return self._index_of(self._record.standing(uid).definition)

    def reload(
        self,
        index: Index,
        pause: Callable[[], None] = lambda: None,
        snapshot: str | None = None,
    ) -> None:
        """Make its view anew, without one failed search. Raises IndexDamaged: a row still is.

        `pause` is called now and then, and may raise to end it. A named `snapshot` is what it is
        begun from, or Conflict is raised.
        """
        index.reload(pause, snapshot)
        self._mend(index)

    def opened(self) -> list[Index]:
        """The indexes that are loaded here."""
        return [each for each in list(self._indexes.values()) if each.is_loaded]

    def purge(self) -> None:
        """Forget what nobody needs any more. What cannot be forgotten now goes the next time."""
        for index in self.opened():
            try:
                self._record.purge(index.definition.uid, _KEPT_REMOVALS)
            except ServiceError as error:
                name = index.definition.name
                _log.warning("nothing was purged", index=name, reason=error.message)

    def standings(self) -> list[Standing]:
        """Every index, as the record has it."""
        return self._record.indexes()

    def drop(self, name: str) -> None:
        """Drop an index and its documents, for good; an alias is no name for that."""
        standing = self._record.find(name)
        if standing.definition.name != name:
            raise NotFound("index", name)
        self._record.drop(standing.definition.uid)
        self._forget(standing.definition.uid)
        self._learn()

    def erase(self, uid: str) -> int:
        """Drop the index that others look after, for good; how many documents it had."""
        documents = self._record.erase(uid)
        self._forget(uid)
        self._learn()
        return documents

    def point(self, alias: str, name: str) -> None:
        """Let `alias` mean index `name` from now on, in one step. Raises NotFound, Conflict."""
        self._record.point(alias, name)
        self._learn()

    def unpoint(self, alias: str) -> None:
        """Take an alias away. Raises NotFound."""
        self._record.unpoint(alias)
        self._learn()

    def aliases(self) -> dict[str, str]:
        """Alias to name of its index."""
        return dict(self._names.aliases)

    def listen(self) -> Listener:
        """Be told when others write."""
        return self._record.listen()

    def close(self) -> None:
        """Close the record; what was acknowledged is in it."""
        self._record.close()

    def _loaded(self, standing: Standing) -> Index:
        index = self._index_of(standing.definition)
        if not index.is_loaded:
            index.follow()
        return index

    def _follow(self, index: Index, standing: Standing) -> None:
        name, damage = standing.definition.name, index.damage
        if damage is not None and damage.version == standing.version:
            return
        try:
            index.follow()
        except NotFound:  # dropped since it was listed
            self._forget(standing.definition.uid)
        except IndexDamaged as error:  # the index stops, and it alone
            index.damage = Damage(error.reason, standing.version)
            self._metrics.damaged.labels(name).set(1)
            _log.error("an index has stopped", index=name, reason=error.reason)
        else:
            self._mend(index)

    def _mend(self, index: Index) -> None:
        if index.damage is not None:
            name, index.damage = index.definition.name, None
            self._metrics.damaged.labels(name).set(0)
            _log.info("an index has been mended", index=name)

    def _forget(self, uid: str) -> None:
        index = self._indexes.pop(uid, None)
        if index is not None:
            self._metrics.forget(index.definition.name)
            if self.archive is not None:
                self.archive.forget(uid)

    def _index_of(self, definition: Definition) -> Index:
        with self._opening:
            index = self._indexes.get(definition.uid)
            if index is None:
                index = Index(self._record, definition, self._quota, self._metrics, self.archive)
                self._indexes[definition.uid] = index
            return index

    def _learn(self) -> list[Standing]:
        """Learn the names anew."""
        with self._learning:  # or an older answer could take the place of a newer one
            standings, aliases = self._record.indexes(), self._record.aliases()
            by_name = {each.definition.name: each.definition.uid for each in standings}
            pointed = {alias: by_name[name] for alias, name in aliases.items() if name in by_name}
            self._names = _Names(pointed | by_name, aliases)
        return standings

"""The front door of the room: indexes by name, for callers on an event loop."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import Definition, check_name
from embedding_service.indexes.documents import Committed, Document, IdempotencyKey
from embedding_service.indexes.errors import Conflict, ManagedElsewhere, NotConfirmed, NotFound
from embedding_service.indexes.filters.parsing import parse_filter
from embedding_service.indexes.follower import Follower
from embedding_service.indexes.index import Index
from embedding_service.indexes.keeper import Keeper
from embedding_service.indexes.records.record import Standing
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.retrieval.additions import Checked, assemble, check
from embedding_service.retrieval.bounds import Bounds
from embedding_service.retrieval.coalescing import Coalescer
from embedding_service.retrieval.creation import define
from embedding_service.retrieval.cursors import read_cursor, write_cursor
from embedding_service.retrieval.facts import describe
from embedding_service.retrieval.founding import found
from embedding_service.retrieval.managed import ManagedIndex
from embedding_service.retrieval.pins import PinnedEmbedder
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.queries import (
    build_answers,
    build_query,
    check_matrix,
    check_search,
)
from embedding_service.retrieval.requests import (
    DEFAULT_INDEX,
    Added,
    Addition,
    Answer,
    IndexFacts,
    NewIndex,
    Page,
    Removal,
    Search,
    StoredDocument,
)
from embedding_service.retrieval.snapshots import Snapshots
from embedding_service.retrieval.versions import reach
from embedding_service.vectors import Matrix


class Retrieval:
    """Documents in, nearest documents out; one for each process."""

    def __init__(
        self,
        catalogue: Catalogue,
        upkeep: Upkeep,
        embedder: PinnedEmbedder,
        pools: Pools,
        bounds: Bounds,
        managed: ManagedIndex | None = None,
    ) -> None:
        """Over the indexes of one record.

        Args:
            catalogue: Its indexes.
            upkeep: Of their segments.
            embedder: Of their texts.
            pools: Threads to work in.
            bounds: Of what is asked.
            managed: The one index there is to be, where there is to be no other.
        """
        self.snapshots = Snapshots(catalogue)
        self.managed = managed
        self._catalogue = catalogue
        self._embedder = embedder
        self._pools = pools
        self._coalescer = Coalescer(pools.search, pools.searchers, pools.spread, pools.waits)
        self._bounds = bounds
        self._upkeep = upkeep
        self._follower = Follower(catalogue)
        self._keeper = Keeper(catalogue, upkeep)
        self.is_loaded = False
        """Whether every index has applied what the record had at the start."""

    async def start(self) -> None:
        """Open every index, and follow what others do to them.

        Raises RecordUnavailable, and InvalidRequest: there can never be the one there is to be.
        """
        await self._pools.write(self._catalogue.load)
        self._follower.start()
        await self._settle_engine()  # before anything is built
        self._keeper.start()
        if self.managed is not None and not await self._pools.read(self._catalogue.standings):
            await found(partial(self._create, self.managed.new), self.managed.new.name)
            await self._settle_engine()  # another process may have made it
        self.is_loaded = True

    async def close(self) -> None:
        """Finish what is being written and close the record."""
        await asyncio.to_thread(self._keeper.close)
        await asyncio.to_thread(self._follower.close)
        await asyncio.to_thread(self._pools.close)
        await asyncio.to_thread(self._catalogue.close)

    async def create(self, new: NewIndex) -> IndexFacts:
        """Create an index. Raises Conflict, InvalidRequest, and as `Embedder.describe`."""
        index = await self._create(new)
        return self._facts(index, await self._pools.read(index.standing))

    async def retune(self, name: str, wanted: Blueprint) -> IndexFacts:
        """Have an index searched by another engine, as soon as its graphs are built.

        Raises NotFound, and ManagedElsewhere where settings say what the index is searched by.
        """
        if self.managed is not None:
            raise ManagedElsewhere(self.managed.new.name)
        uid = (await self._pools.read(lambda: self._catalogue.find(name))).definition.uid
        index = await self._pools.write(lambda: self._catalogue.retune(uid, wanted))
        return self._facts(index, await self._pools.read(index.standing))

    async def check_new(self, new: NewIndex) -> None:
        """Raise what `create` would, but for a name that is taken."""
        await define(new, self._embedder)

    async def indexes(self) -> list[IndexFacts]:
        """Every index, by name."""
        standings = await self._pools.read(self._catalogue.standings)
        return [self._facts(self._catalogue.of(standing), standing) for standing in standings]

    async def describe(self, name: str, documents: int | None = None) -> IndexFacts:
        """One index by name or alias. Raises NotFound.

        Its memory is estimated for so many `documents`, None for those it has.
        """
        index = await self._pools.read(lambda: self._catalogue.find(name))
        return self._facts(index, await self._pools.read(index.standing), documents)

    async def drop(self, name: str, confirmation: str | None) -> None:
        """Drop an index and all it holds. Raises NotFound, NotConfirmed."""
        await self._pools.read(lambda: self._catalogue.find(name))
        if confirmation != name:
            raise NotConfirmed(name)
        await self._pools.write(lambda: self._catalogue.drop(name))

    async def add(self, name: str, addition: Addition) -> Added:
        """Add documents, or replace those of the same ids; durable and findable on return.

        Raises:
            NotFound: no such index (the default one is made). InvalidRequest: what is wrong, by
            position. KeyReused, ModelMismatch, OutOfSpace, RecordUnavailable, and as
            `Embedder.embed`. Overloaded: too many rows wait to be built.
        """
        index = await self._get_or_make(name)
        definition = index.definition
        checked = check(addition.documents, definition, is_atomic=addition.is_atomic)
        key = addition.key and replace(addition.key, answer=checked.ids)
        if key is not None:
            earlier = await self._pools.read(lambda: index.repeated(key))
            if earlier is not None:
                return _tell_added(definition, checked, earlier)
        if not checked.kept:
            return Added(definition.name, checked.ids, index.version, checked.issues)
        waiting = self._upkeep.count_waiting(index)
        self._bounds.check_growth(definition, addition.documents, waiting)
        texts = checked.texts
        embed = partial(self._embedder.embed, definition, texts, "document")
        embedded = await embed(addition.terms) if texts else None
        puts = await self._pools.read(lambda: assemble(checked, embedded, definition))
        committed = await self._pools.write(lambda: index.put(puts, key))
        if committed.is_repeated:  # another request was quicker while this one was embedding
            return _tell_added(definition, checked, committed)
        return Added(definition.name, checked.ids, committed.version, checked.issues)

    async def search(self, name: str, search: Search) -> list[Answer]:
        """The nearest documents of each query.

        Raises:
            NotFound: no such index (the default one, not made yet, is empty). InvalidRequest.
            VersionNotReached: `min_version` has not come here in time. And as `Embedder.embed`.
        """
        try:
            index = await self._get(name)
        except NotFound:
            if not self._may_be_made(name):
                raise
            queries = len(search.texts) if search.matrix is None else len(search.matrix)
            return [Answer((), 0, is_exact=True, scanned=0, cursor=None)] * queries
        definition = index.definition
        place = check_search(search, definition)
        query = build_query(search, await self._matrix(definition, search), definition, place)
        await reach(index, search.min_version, self._bounds.version_wait)
        found, documents = await self._coalescer.search(index, query)
        answers = build_answers(search, place, definition.metric, found, documents)
        silence = None if documents else index.silence
        return [replace(answer, silence=silence) for answer in answers]

    async def read(self, name: str, id: str) -> StoredDocument:  # noqa: A002  the field's own name
        """One document. Raises NotFound."""
        index = await self._get(name)
        return _stored(await self._pools.read(lambda: index.read(id)))

    async def page(self, name: str, cursor: str | None, limit: int) -> Page:
        """The documents after `cursor`, oldest first. Raises NotFound, InvalidRequest."""
        index = await self._get(name)
        after = 0 if cursor is None else int(read_cursor(cursor, int)[0])
        documents = await self._pools.read(lambda: index.page(after, limit))
        is_last = len(documents) < limit
        following = None if is_last else write_cursor(documents[-1].key)
        return Page([_stored(document) for document in documents], following)

    async def remove(
        self, name: str, ids: Sequence[str], key: IdempotencyKey | None = None
    ) -> Removal:
        """Remove documents; ids that are not there are passed over. Raises NotFound, KeyReused."""
        index = await self._get(name)
        committed = await self._pools.write(lambda: index.remove(ids, key))
        return _tell_removed(index.definition, committed)

    async def remove_where(
        self, name: str, condition: Mapping[str, Any], key: IdempotencyKey | None = None
    ) -> Removal:
        """Remove the documents that a filter finds. Raises BadFilter, NotFound, KeyReused."""
        index = await self._get(name)
        parsed = parse_filter(dict(condition), index.definition.fields)
        committed = await self._pools.write(lambda: index.remove_where(parsed, key))
        return _tell_removed(index.definition, committed)

    async def point(self, alias: str, name: str) -> None:
        """Let `alias` mean index `name`, in one step. Raises NotFound, Conflict, InvalidRequest."""
        check_name(alias, "alias")
        await self._pools.write(lambda: self._catalogue.point(alias, name))

    async def unpoint(self, alias: str) -> None:
        """Take an alias away. Raises NotFound."""
        await self._pools.write(lambda: self._catalogue.unpoint(alias))

    async def aliases(self) -> dict[str, str]:
        """Alias to name of its index."""
        return self._catalogue.aliases()

    async def _get(self, name: str) -> Index:
        return await self._pools.read(lambda: self._catalogue.get(name))

    async def _get_or_make(self, name: str) -> Index:
        try:
            return await self._get(name)
        except NotFound:
            if not self._may_be_made(name):
                raise
        try:
            return await self._create(NewIndex(name=DEFAULT_INDEX))
        except Conflict:  # another request, or another process, was quicker
            return await self._get(name)

    async def _settle_engine(self) -> None:
        if self.managed is not None:
            await self._pools.write(self.managed.settle_engine)

    def _may_be_made(self, name: str) -> bool:
        """Whether using an index makes it. The sole one is made at the start, or is gone."""
        return name == DEFAULT_INDEX and (self.managed is None or self.managed.new.name != name)

    async def _create(self, new: NewIndex) -> Index:
        definition = await define(new, self._embedder)
        return await self._pools.write(lambda: self._catalogue.create(definition))

    def _facts(self, index: Index, standing: Standing, documents: int | None = None) -> IndexFacts:
        aliases, unbuilt = self._catalogue.aliases(), self._upkeep.count_waiting(index)
        facts = describe(standing, index.describe(), aliases, unbuilt, documents)
        return facts if index.damage is None else replace(facts, damage=index.damage.reason)

    async def _matrix(self, definition: Definition, search: Search) -> Matrix:
        if search.matrix is not None:
            return check_matrix(search.matrix, definition)
        return await self._embedder.embed(definition, list(search.texts), "query", search.terms)


def _tell_added(definition: Definition, checked: Checked, earlier: Committed) -> Added:
    return Added(definition.name, earlier.ids, earlier.version, checked.issues, is_repeated=True)


def _tell_removed(definition: Definition, committed: Committed) -> Removal:
    ids = [id_ for id_ in committed.ids if id_ is not None]
    return Removal(definition.name, ids, committed.version)


def _stored(document: Document) -> StoredDocument:
    return StoredDocument(
        id=document.id,
        version=document.version,
        text=document.text,
        metadata=document.metadata,
        vector=document.vector,
    )

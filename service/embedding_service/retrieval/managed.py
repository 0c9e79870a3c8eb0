"""The sole index as its operator has it looked after.

As in snapshots.py the long work is synchronous, and answers what its job is to tell.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, timedelta
from hashlib import sha256

import structlog

from embedding_service.errors import InvalidRequest
from embedding_service.indexes import restoration
from embedding_service.indexes.archive import Archive
from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.errors import NotFound
from embedding_service.indexes.headroom import Headroom
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Standing
from embedding_service.indexes.restoration import Snapshot
from embedding_service.indexes.snapshots.manifest import Manifest, encode
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.shelf import Shelf
from embedding_service.retrieval.facts import describe
from embedding_service.retrieval.pools import Pools
from embedding_service.retrieval.requests import (
    Kept,
    NewIndex,
    SoleFacts,
    SourceSnapshot,
)
from embedding_service.retrieval.second_looks import SecondLooks
from embedding_service.retrieval.snapshots import Detail, Tell, Told
from embedding_service.retrieval.standings import Standings

_log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Charge:
    """Which index it is, and where its snapshots are."""

    uid: str
    new: NewIndex
    """What it is made as."""
    url: str
    """Of the store."""
    open_shelf: Callable[[str], Shelf]
    """Another store, by its URL. Raises InvalidRequest."""
    engine: Blueprint | None = None
    """What it is to be searched by; None is as it was made."""
    engine_revision: int | None = None
    """Of those settings: of several the highest counts. None counts always."""


class ManagedIndex:
    """One for each process. Any call may raise NotFound, RecordUnavailable, and as Archive."""

    def __init__(
        self,
        charge: Charge,
        catalogue: Catalogue,
        archive: Archive,
        count_waiting: Callable[[Index], int],
        pools: Pools,
        headroom: Headroom,
    ) -> None:
        """`count_waiting` tells the rows of an index that wait to be built."""
        self.uid = charge.uid
        self.new = charge.new
        self._charge = charge
        self._catalogue = catalogue
        self._archive = archive
        self._count_waiting = count_waiting
        self._standings = Standings(pools, catalogue.silence)
        self._headroom = headroom
        self._second_looks = SecondLooks()

    def settle_engine(self) -> None:
        """Have the index, if it is there, searched by what the settings say. For a start alone.

        A process of older settings, started again beside one of newer ones, changes nothing.
        """
        wanted, revision = self._charge.engine, self._charge.engine_revision
        if wanted is None:
            return
        try:
            index = self._catalogue.retune(self.uid, wanted, revision)
        except NotFound:
            return
        definition = index.definition
        if wanted != Blueprint(definition.engine, definition.tuning):
            _log.warning(
                "the index keeps its engine, which newer settings say",
                index=definition.name,
                engine=definition.engine,
                instead=wanted.engine,
                **definition.tuning.as_json(),
            )

    async def status(self) -> SoleFacts:
        """How it is, told at once, also while the database is away."""
        index = next((one for one in self._catalogue.opened() if self._is_ours(one)), None)
        if index is None:
            database, shortage = self._standings.describe(), self._headroom.find_shortage()
            return SoleFacts(None, None, None, database, shortage)
        await self._second_looks.take(index)
        standing = await self._standings.hear(index)
        view, origin = index.describe(), index.origin
        if standing is None:
            standing = Standing(index.definition, view.version, 0, view.live, 0, 0.0)
        standing = replace(standing, version=max(standing.version, view.version))
        aliases, unbuilt = self._catalogue.aliases(), self._count_waiting(index)
        facts = describe(standing, view, aliases, unbuilt)
        if index.damage is not None:
            facts = replace(facts, damage=index.damage.reason)
        database, shortage = self._standings.describe(), self._headroom.find_shortage()
        return SoleFacts(facts, origin.snapshot, origin.fault, database, shortage)

    def publish(self, kept: Kept, tell: Tell) -> Detail:
        """Make a snapshot, and let go of what is not kept."""
        index = self._catalogue.at(self.uid)
        manifest = self._archive.publish(Told(index, tell), self._policy(kept))
        index.reconsider()  # what pods begin with from now on may be sound again
        return self._describe(manifest)

    def restore(self, wanted: SourceSnapshot, tell: Tell) -> Detail:
        """Write a snapshot over the index.

        Raises InvalidRequest: no such store. Conflict: it is a snapshot of another kind.
        """
        index = self._catalogue.at(self.uid)
        shelf = self._archive.shelf if wanted.url is None else self._charge.open_shelf(wanted.url)
        from_uid = wanted.from_uid or self.uid
        snapshot = Snapshot(shelf, from_uid, shelf.find(from_uid, wanted.snapshot))
        restored = restoration.replace(index, snapshot, tell)
        if index.damage is not None:
            self._catalogue.reload(index, lambda: tell(1.0))
        return {"from_uid": from_uid, "snapshot": snapshot.manifest.id, **asdict(restored)}

    def reload(self, snapshot: str | None, tell: Tell) -> Detail:
        """Make anew what is searched: from this snapshot, or the one that the file names.

        Raises Conflict: it cannot be that one. Without either it is the newest where that can be.
        """
        index = self._catalogue.at(self.uid)
        named = snapshot or self._chosen()
        self._catalogue.reload(index, lambda: tell(0.0), named)
        return {
            "version": index.version,
            "segments": len(index.describe().segments),
            "begun_from": index.origin.snapshot,
            "fault": index.origin.fault,
        }

    async def sweep(self, kept: Kept) -> list[str]:
        """Let go of the snapshots that are not kept; their ids, oldest first."""
        policy = self._policy(kept)
        return await asyncio.to_thread(lambda: self._archive.retire(self.uid, policy))

    def purge(self, tell: Tell, *, snapshots: bool) -> Detail:
        """Remove the index from the record for good, and its snapshots where they are to go.

        Done again, it removes what is left.
        """
        documents = self._catalogue.erase(self.uid)
        tell(0.5)
        gone = self._archive.purge(self.uid) if snapshots else 0
        _log.info("the index was purged", uid=self.uid, documents=documents, snapshots=gone)
        return {"documents": documents, "snapshots": gone}

    def _is_ours(self, index: Index) -> bool:
        return index.definition.uid == self.uid

    def _policy(self, kept: Kept) -> Policy:
        usual = self._archive.policy
        return Policy(
            newest=usual.newest if kept.newest is None else kept.newest,
            younger_than=usual.younger_than
            if kept.younger_than is None
            else timedelta(seconds=kept.younger_than),
            held=kept.held,
        )

    def _chosen(self) -> str | None:
        try:
            return self._archive.chosen()
        except (OSError, ValueError) as error:
            raise InvalidRequest(f"INDEX_SNAPSHOT_FILE cannot be read: {error}") from error

    def _describe(self, manifest: Manifest) -> Detail:
        index = manifest.index
        created = manifest.created.astimezone(UTC).isoformat()
        return {
            "id": manifest.id,
            "version": manifest.version,
            "count": manifest.count,
            "size_bytes": manifest.size,
            "created": created.replace("+00:00", "Z"),
            "uri": f"{self._charge.url.rstrip('/')}/{index.uid}",
            "checksum": sha256(encode(manifest)).hexdigest(),
            "dimension": index.dimension,
            "metric": index.metric.value,
            "fingerprint": index.model.fingerprint if index.model else None,
        }

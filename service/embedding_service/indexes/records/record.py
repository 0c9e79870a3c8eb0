"""The front door of the room: documents in, changes in the order of their versions out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import (
    Changes,
    Committed,
    Document,
    IdempotencyKey,
    Point,
    Puts,
    Scan,
)
from embedding_service.indexes.records import (
    builds,
    engines,
    jobs,
    naming,
    purging,
    putting,
    reading,
    removing,
)
from embedding_service.indexes.records.answers import find_answer
from embedding_service.indexes.records.definitions import read_standing
from embedding_service.indexes.records.history import HistoryLost
from embedding_service.indexes.records.jobs import key_of
from embedding_service.indexes.records.listening import Election, Listener, elect
from embedding_service.indexes.records.locking import lock
from embedding_service.indexes.records.postgresql import Address
from embedding_service.indexes.records.scanning import outline, read_whole, scan
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.silence import Silence
from embedding_service.indexes.records.standing import (
    Build,
    Claim,
    Job,
    JobState,
    JSONValue,
    Quota,
    Standing,
)

__all__ = [
    "Build",
    "Claim",
    "Election",
    "HistoryLost",
    "Job",
    "JobState",
    "Listener",
    "Quota",
    "Record",
    "Standing",
    "key_of",
]


class Record:
    """Every index of one database. Synchronous and thread-safe.

    Any call may raise RecordUnavailable, what names an index NotFound, what reads rows
    IndexDamaged, what writes OutOfSpace. A write is one transaction: after any error nothing of it
    is there, but for a RecordUnavailable whose commit was on its way; repeating it with the same
    idempotency key is safe.
    """

    def __init__(self, database: Database, address: Address | None, patience: float) -> None:
        self._database = database
        self._address = address
        self._patience = patience
        self.silence = Silence()
        """Kept by those who ask often."""

    @property
    def is_renamed(self) -> bool:
        """Whether somebody else may change what an index is called, and not in the database."""
        return False

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write."""
        return self._database.is_shared

    def close(self) -> None:
        """Let go of the database; may be called twice."""
        self._database.close()

    def create(self, definition: Definition) -> Standing:
        """Make an index. Raises Conflict when an index or an alias has the name."""
        return naming.create(self._database, definition)

    def retune(self, uid: str, wanted: Blueprint, revision: int | None = None) -> Standing:
        """Have an index searched by another engine; what it is to be searched by from now on.

        With a `revision`, only where it is higher than the one that counted last: of several
        settings the newest count, in whatever order their processes start.
        """
        return engines.retune(self._database, uid, wanted, revision)

    def indexes(self) -> list[Standing]:
        """Every index, by name."""
        return naming.list_standings(self._database)

    def find(self, name: str) -> Standing:
        """The index with this name or alias."""
        return naming.find(self._database, name)

    def standing(self, uid: str) -> Standing:
        """The index as it is now."""
        with self._database.reading(uid) as connection:
            return read_standing(reading.find_row(connection, uid))

    def heads(self) -> dict[str, int]:
        """Version by uid: one small query, to be asked often."""
        return naming.read_heads(self._database)

    def drop(self, uid: str) -> None:
        """Drop an index, its jobs and the aliases that point to it.

        Its name is free at once; its documents go in small transactions before this returns.
        """
        naming.drop(self._database, uid)

    def erase(self, uid: str) -> int:
        """Drop an index of whoever else looks after it; how many documents it had, 0 once gone."""
        return naming.erase(self._database, uid)

    def sweep(self) -> None:
        """Finish what a `drop` that was interrupted has left."""
        naming.erase_dropped(self._database)

    def aliases(self) -> dict[str, str]:
        """Alias to name of index."""
        return naming.list_aliases(self._database)

    def point(self, alias: str, name: str) -> None:
        """Make `alias` mean the index `name`, in one step. Raises Conflict for an index's name."""
        naming.point(self._database, alias, name)

    def unpoint(self, alias: str) -> None:
        """Remove an alias. Raises NotFound."""
        naming.unpoint(self._database, alias)

    def put(
        self, uid: str, puts: Puts, quota: Quota, key: IdempotencyKey | None = None
    ) -> Committed:
        """Add or replace documents.

        A replaced one keeps its key, and so does a removed one that comes back before its
        tombstone is purged. Raises DimensionMismatch, KeyReused, and OutOfSpace when the index
        would pass its quota by growing.
        """
        return putting.put(self._database, uid, puts, quota, key)

    def remove(self, uid: str, ids: Sequence[str], key: IdempotencyKey | None = None) -> Committed:
        """Remove documents; ids that do not exist are passed over. Raises KeyReused."""
        return removing.remove(self._database, uid, removing.choose_ids(ids), key)

    def remove_where(
        self,
        uid: str,
        matches: Callable[[bytes | None], bool],
        key: IdempotencyKey | None = None,
    ) -> Committed:
        """Remove the documents whose metadata `matches`. Raises KeyReused.

        It is asked about every document while other writes to the index wait (on SQLite, to any).
        """
        return removing.remove(self._database, uid, removing.choose_where(matches), key)

    def repeated(self, uid: str, key: IdempotencyKey) -> Committed | None:
        """The answer of the earlier write that `key` named, if there was one. Raises KeyReused."""
        with self._database.reading(uid) as connection:
            index = reading.find_row(connection, uid)
            return find_answer(connection, index.id, index.dimension, key)

    @contextmanager
    def hold(self, uid: str) -> Iterator[None]:
        """Keep other writes to the index out (on SQLite, all writes) while the block runs.

        Reading goes on; writing from within the block would wait for itself.
        """
        with self._database.writing(uid) as connection:
            lock(connection, uid)
            yield
            connection.rollback()

    def changes(self, uid: str, after: int, most: int, known: Point | None = None) -> Changes:
        """Up to `most` rows with a version above `after`, in the order of their versions.

        Tombstones are among them. The stretch ends at the last row, or, when fewer than `most`
        came, at the index's version in the same snapshot.

        Raises HistoryLost unless the index has been at `known`, the head of the stretch before.
        """
        return reading.read_changes(self._database, uid, after, most, known)

    def fetch(self, uid: str, keys: Sequence[int]) -> dict[int, Document]:
        """The live ones of these documents, by key."""
        return reading.fetch_documents(self._database, uid, keys)

    def read(self, uid: str, id: str) -> Document:  # noqa: A002  the field's own name
        """One document. Raises NotFound."""
        return reading.read_document(self._database, uid, id)

    def page(self, uid: str, after: int, most: int) -> list[Document]:
        """Up to `most` live documents whose key is above `after`, in the order of their keys."""
        return reading.read_page(self._database, uid, after, most)

    def scan(self, uid: str) -> AbstractContextManager[Scan]:
        """All live documents of one database snapshot, in the order of keys; writers go on.

        Holds a connection while it is open; on SQLite its log grows until then.
        """
        return scan(self._database, uid)

    def outline(self, uid: str) -> Iterator[list[tuple[str, int]]]:
        """Id and version of every live document, as its row says it: nothing is checked."""
        return outline(self._database, uid)

    def whole(self, uid: str, ids: Sequence[str]) -> dict[str, Document]:
        """The live ones of these documents, by id, but those whose row is damaged."""
        return read_whole(self._database, uid, ids)

    def purge(self, uid: str, older_than: float) -> int:
        """Forget tombstones at least `older_than` seconds old; returns how many.

        Whatever `older_than`, answers of writes with an idempotency key go after 24 hours, and
        jobs that have ended after a week.
        """
        return purging.purge(self._database, uid, older_than)

    def create_job(self, uid: str, kind: str, detail: Mapping[str, JSONValue] | None = None) -> Job:
        """Queue a job of an index; it goes when the index is dropped."""
        return jobs.create_job(self._database, uid, kind, detail or {})

    def claim_job(
        self,
        uid: str,
        kind: str,
        claim: Claim,
        detail: Mapping[str, JSONValue] | None = None,
    ) -> tuple[Job, bool]:
        """Queue a job under a key, or tell the newest one that has it; and whether it is new.

        Whatever process asks, and however many at once. Raises KeyReused, NotFound.
        """
        return jobs.claim_job(self._database, uid, kind, claim, detail or {})

    def update_job(self, job: Job) -> None:
        """Tell state, progress and detail of a job. Raises NotFound."""
        jobs.update_job(self._database, job)

    def job(self, id: str) -> Job:  # noqa: A002
        """One job. Raises NotFound."""
        return jobs.read_job(self._database, id)

    def jobs(self, uid: str) -> list[Job]:
        """The jobs of an index, newest first."""
        return jobs.list_jobs(self._database, uid)

    def listen(self) -> Listener:
        """Be told of writes, by whatever process; polling `heads` is what is certain."""
        return Listener(self._address, self._patience)

    def build(self, uid: str, known: Point | None = None) -> Build:
        """The graphs that were built for all processes; `known` as for `changes`."""
        return builds.read_build(self._database, uid, known)

    def publish_build(self, uid: str, build: Build, known: Point | None = None) -> bool:
        """Tell all processes of graphs; False when another build has this number or a later one.

        Raises HistoryLost unless the index has been at `known`, where the rows in them come from.
        """
        return builds.publish_build(self._database, uid, build, known)

    def try_lock(self, uid: str) -> Election | None:
        """Become the one process that builds for an index; None when another is."""
        return elect(self._address, uid, self._patience)

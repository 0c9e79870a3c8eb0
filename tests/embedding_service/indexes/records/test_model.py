"""Against a dict: whatever is written, a tail from any earlier version comes to the same."""

from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.documents import Changes, Puts
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota

IDS = st.sampled_from(["a", "b", "ä", "Ä", "a ", "🦊"])
METADATA = st.sampled_from([None, b"{}", b'{"n": 1}'])
View = dict[str, tuple[int, float, bytes | None]]


def follow(view: View, changes: Changes) -> None:
    """What a reader makes of `changes`."""
    columns = (changes.ids, changes.keys, changes.matrix, changes.metadata, changes.is_deleted)
    for id_, key, vector, metadata, is_deleted in zip(*columns, strict=True):
        if is_deleted:
            view.pop(id_, None)
        else:
            view[id_] = (int(key), float(vector[0]), metadata)


class RecordAgainstDict(RuleBasedStateMachine):
    url: str
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.uid = uuid4().hex
        self.record = open_record(self.url, self.folder)
        self.record.create(Definition(uid=self.uid, name=self.uid, dimension=1))
        self.live: dict[str, tuple[float, bytes | None]] = {}
        self.version = self.purged = 0
        self.readers: list[tuple[int, View]] = [(0, {})]
        self.keys: dict[int, str] = {}

    def teardown(self) -> None:
        self.record.drop(self.uid)
        self.record.close()

    @rule(ids=st.lists(IDS, unique=True), metadata=METADATA, value=st.floats(-1, 1, width=32))
    def put(self, ids: list[str], metadata: bytes | None, value: float) -> None:
        count = len(ids)
        matrix = np.full((count, 1), value, np.float32)
        puts = Puts(ids, [None] * count, [metadata] * count, matrix)
        self.version += count
        assert self.record.put(self.uid, puts, Quota(0, 0)).version == self.version
        self.live.update(dict.fromkeys(ids, (value, metadata)))

    @rule(ids=st.lists(IDS))
    def remove(self, ids: list[str]) -> None:
        there = [id_ for id_ in dict.fromkeys(ids) if id_ in self.live]
        removed = self.record.remove(self.uid, ids)
        self.removed(there, list(removed.ids), removed.version)

    @rule(metadata=METADATA)
    def remove_where(self, metadata: bytes | None) -> None:
        there = [id_ for id_, (_, mine) in self.live.items() if mine == metadata]
        removed = self.record.remove_where(self.uid, lambda given: given == metadata)
        self.removed(sorted(there), sorted(map(str, removed.ids)), removed.version)

    def removed(self, expected: list[str], told: Sequence[str | None], version: int) -> None:
        assert list(told) == expected
        self.version += len(expected)
        assert version == self.version
        for id_ in expected:
            del self.live[id_]

    @rule()
    def purge(self) -> None:
        self.record.purge(self.uid, older_than=0)
        self.purged = self.record.standing(self.uid).purged_version

    @rule()
    def reopen(self) -> None:
        self.record.close()
        self.record = open_record(self.url, self.folder)

    @rule(most=st.integers(1, 4))
    def read(self, most: int) -> None:
        """A new reader starts; every other one reads one page."""
        self.readers = [(version, view) for version, view in self.readers if version >= self.purged]
        for place, (version, view) in enumerate(self.readers):
            changes = self.record.changes(self.uid, version, most)
            follow(view, changes)
            self.readers[place] = (changes.version, view)
        self.readers.append((0, {}))
        del self.readers[:-4]

    @invariant()
    def a_tail_from_anywhere_comes_to_what_is_live(self) -> None:
        for version, view in self.readers:
            if version < self.purged and version > 0:
                continue
            caught_up = dict(view)
            changes = self.record.changes(self.uid, version, 1000)
            follow(caught_up, changes)
            assert changes.version == self.version
            assert {id_: row[1:] for id_, row in caught_up.items()} == self.live
        standing = self.record.standing(self.uid)
        assert (standing.version, standing.count) == (self.version, len(self.live))
        size = sum(len(id_.encode()) + 4 + len(row[1] or b"") for id_, row in self.live.items())
        assert standing.size == size

    @invariant()
    def a_key_never_means_another_document(self) -> None:
        for document in self.record.page(self.uid, 0, 100):
            assert self.keys.setdefault(document.key, document.id) == document.id


def check(url: str, folder: Path) -> None:
    machine = type("Machine", (RecordAgainstDict,), {"url": url, "folder": folder})
    bounds = settings(max_examples=10, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(machine, settings=bounds)


def test_sqlite_agrees_with_a_dict(sqlite_url: str, record_folder: Path) -> None:
    check(sqlite_url, record_folder)


def test_postgresql_agrees_with_a_dict(postgresql_url: str, record_folder: Path) -> None:
    check(postgresql_url, record_folder)

"""Retention: what goes, what stays, and nothing that somebody counts on."""

import os
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
)

from embedding_service.indexes.snapshots import layout, loading, manifests, publishing
from embedding_service.indexes.snapshots.blobs import BlobStore
from embedding_service.indexes.snapshots.errors import DamagedSnapshot
from embedding_service.indexes.snapshots.folders import Folder
from embedding_service.indexes.snapshots.manifest import Manifest
from embedding_service.indexes.snapshots.retention import Policy, collect, drop, plan_drops, purge
from snapshot_sources import CREATED, DEFINITION, LIBRARIES, RANGE, CopiedIndex

UID = DEFINITION.uid
NOTHING = timedelta(0)
FOLDERS = (layout.snapshots, layout.dropped, layout.blobs)
ages = st.lists(st.integers(0, 100), max_size=12)


def manifest_of(number: int, age: int) -> Manifest:
    return Manifest(
        f"{number}", number, CREATED - timedelta(days=age), DEFINITION, 0, 0, {}, (), None
    )


def publish(store: BlobStore, index: CopiedIndex, workspace: Path) -> Manifest:
    return publishing.publish(store, index, workspace, created=CREATED, libraries=LIBRARIES)


def age_files(root: Path, by: timedelta) -> None:
    """Let the store's clock go on."""
    for path in root.rglob("*"):
        if path.is_file():
            status = path.stat()
            os.utime(path, (status.st_atime, status.st_mtime - by.total_seconds()))


def blobs(store: BlobStore) -> set[str]:
    return {stored.name.removeprefix(f"{UID}/") for stored in store.listing(layout.blobs(UID))}


@settings(deadline=None)
@given(ages=ages, newest=st.integers(0, 15), days=st.integers(0, 100))
def test_a_plan_drops_what_is_old_and_not_among_the_newest(
    ages: list[int], newest: int, days: int
) -> None:
    there = [manifest_of(number, age) for number, age in enumerate(ages, start=1)]
    dropped = plan_drops(there[::-1], Policy(newest, timedelta(days=days)), CREATED)
    kept = [each for each in there if each not in dropped]
    assert kept[-max(1, newest) :] == there[-max(1, newest) :]
    assert all(age >= days for age, each in zip(ages, there, strict=True) if each in dropped)
    young = [each for age, each in zip(ages, there, strict=True) if age < days]
    assert all(each in kept for each in young)
    assert len(kept) <= max(1, newest) + len(young)
    assert [each.number for each in dropped] == sorted(each.number for each in dropped)
    assert plan_drops(kept, Policy(newest, timedelta(days=days)), CREATED) == []


@settings(deadline=None)
@given(
    ages=ages,
    newest=st.integers(0, 15),
    days=st.integers(0, 100),
    held=st.frozensets(st.integers(1, 14).map(str)),
)
def test_what_is_held_is_never_dropped_and_the_rest_as_before(
    ages: list[int], newest: int, days: int, held: frozenset[str]
) -> None:
    there = [manifest_of(number, age) for number, age in enumerate(ages, start=1)]
    policy = Policy(newest, timedelta(days=days))
    without = plan_drops(there, policy, CREATED)
    dropped = plan_drops(there, replace(policy, held=held), CREATED)
    assert dropped == [each for each in without if each.id not in held]
    assert there[-1:] == [each for each in there[-1:] if each not in dropped]


@settings(deadline=None)
@given(ages=ages, days=st.integers(0, 100))
def test_what_was_made_after_its_moment_is_not_a_policys(ages: list[int], days: int) -> None:
    there = [manifest_of(number, age) for number, age in enumerate(ages, start=1)]
    policy = Policy(1, NOTHING)
    dropped = plan_drops(there, replace(policy, made_by=CREATED - timedelta(days=days)), CREATED)
    old = {manifest_of(number, age).id for number, age in enumerate(ages, start=1) if age >= days}
    assert dropped == [each for each in plan_drops(there, policy, CREATED) if each.id in old]


def test_a_purge_leaves_nothing_of_an_index_and_all_of_the_others(
    store: BlobStore, tmp_path: Path
) -> None:
    index = CopiedIndex.of()
    for number in range(1, 4):
        index.put(number)
        publish(store, index, tmp_path)
    drop(store, UID, 1)
    others = [f"{UID}/7c6e2", f"{UID}2"]  # whose names begin alike
    for uid in others:
        publish(store, CopiedIndex(replace(DEFINITION, uid=uid)), tmp_path)
    assert purge(store, UID) == 2
    assert [store.listing(folder(UID)) for folder in FOLDERS] == [[], [], []]
    for uid in others:
        (left,) = manifests.snapshots(store, uid).manifests
        assert loading.verify(store, uid, left) == []
    assert purge(store, UID) == 0


def test_a_clock_that_is_behind_drops_nothing_young() -> None:
    there = [manifest_of(number, 0) for number in (1, 2)]
    early = CREATED - timedelta(hours=1)
    assert plan_drops(there, Policy(1, timedelta(minutes=1)), early) == []


def test_a_dropped_snapshot_is_gone_and_its_files_stay_for_a_while(
    store: BlobStore, tmp_path: Path
) -> None:
    index = CopiedIndex.of()
    first = publish(store, index, tmp_path)
    index.put(1)
    second = publish(store, index, tmp_path)
    drop(store, UID, 1)
    drop(store, UID, 1)
    assert list(manifests.snapshots(store, UID).manifests) == [second]
    assert collect(store, UID).files == 0
    assert loading.verify(store, UID, first) == []


def test_files_that_nothing_names_go(store: BlobStore, tmp_path: Path) -> None:
    index = CopiedIndex.of()
    first = publish(store, index, tmp_path)
    index.put(1)
    second = publish(store, index, tmp_path)
    drop(store, UID, 1)
    draft = f"{layout.snapshots(UID)}/{3:020d}.json.1.partial"
    store.create(draft, [b"?"], if_absent=True)
    removed = collect(store, UID, grace=NOTHING)
    assert removed.files == 3  # the part that changed, the dropped manifest, the draft
    assert blobs(store) == set(second.blobs)
    assert set(first.blobs) - blobs(store) == {first.documents[0].blob.name}
    assert loading.verify(store, UID, second) == []
    assert collect(store, UID, grace=NOTHING).files == 0


def test_other_indexes_are_left_alone(store: BlobStore, tmp_path: Path) -> None:
    other = replace(DEFINITION, uid="team/7c6e2")
    manifest = publish(store, CopiedIndex(other), tmp_path)
    store.create("team/7c6e2/blobs/x", [b"?"], if_absent=True)
    collect(store, UID, grace=NOTHING)
    assert manifests.newest(store, other.uid) == manifest
    assert store.stat("team/7c6e2/blobs/x") is not None


def test_nothing_goes_while_a_manifest_cannot_be_read(store: BlobStore, tmp_path: Path) -> None:
    publish(store, CopiedIndex.of(), tmp_path)
    store.create(f"{layout.blobs(UID)}/unnamed", [b"?"], if_absent=True)
    store.create(layout.manifest(layout.snapshots(UID), 2), [b"?"], if_absent=True)
    with pytest.raises(DamagedSnapshot, match=f"{2:020d}"):
        collect(store, UID, grace=NOTHING)
    drop(store, UID, 2)
    assert collect(store, UID, grace=NOTHING).files == 2


class Interrupted(Folder):
    """A folder in which something else happens right before the first manifest is created."""

    def __init__(self, root: Path, event: Callable[[], object]) -> None:
        super().__init__(root)
        self._events = [event]

    def create(self, name: str, chunks: Iterable[bytes], *, if_absent: bool) -> bool:
        if name.startswith(layout.snapshots(UID)) and self._events:
            self._events.pop()()
        return super().create(name, chunks, if_absent=if_absent)


def test_a_publish_under_way_keeps_blobs_of_a_snapshot_that_is_dropped_meanwhile(
    tmp_path: Path,
) -> None:
    store, root = Folder(tmp_path / "store"), tmp_path / "store"
    first = publish(store, CopiedIndex.of(), tmp_path)
    age_files(root, 10 * layout.GRACE)

    def replaced_and_dropped() -> None:
        publish(store, CopiedIndex.of(1), tmp_path)
        drop(store, UID, 1)
        age_files(root, layout.GRACE / 2)
        collect(store, UID)

    second = publish(Interrupted(root, replaced_and_dropped), CopiedIndex.of(), tmp_path)
    assert second.blobs == first.blobs
    assert loading.verify(store, UID, second) == []


def test_a_publish_uploads_anew_what_may_be_collected_meanwhile(tmp_path: Path) -> None:
    store, root = Folder(tmp_path / "store"), tmp_path / "store"
    publish(store, CopiedIndex.of(), tmp_path)
    publish(store, CopiedIndex.of(1), tmp_path)
    drop(store, UID, 1)
    age_files(root, layout.GRACE / 2)

    def collected() -> None:
        age_files(root, layout.GRACE / 2)
        collect(store, UID)

    again = publish(Interrupted(root, collected), CopiedIndex.of(), tmp_path)
    assert loading.verify(store, UID, again) == []


class Upkeep(RuleBasedStateMachine):
    """Publishes, drops and collections in any order, while time goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp(prefix="gpu-embedding-upkeep-"))
        self.root = self.folder / "store"
        self.store = Folder(self.root)
        self.index = CopiedIndex.of(3)
        self.published: dict[int, Manifest] = {}

    @rule(key=st.integers(0, 2))
    def write(self, key: int) -> None:
        self.index.put(key * RANGE + 1)

    @rule(interrupted=st.booleans(), hours=st.integers(0, 3))
    def publish(self, interrupted: bool, hours: int) -> None:
        def others() -> None:
            if interrupted:
                self.pass_time(hours)
                self.collect()

        manifest = publish(Interrupted(self.root, others), self.index, self.folder)
        self.published[manifest.number] = manifest

    @rule(hours=st.integers(1, 12))
    def pass_time(self, hours: int) -> None:
        age_files(self.root, timedelta(hours=hours))

    @rule(place=st.integers(0, 5))
    def drop(self, place: int) -> None:
        if self.published:
            number = sorted(self.published)[place % len(self.published)]
            drop(self.store, UID, number)
            del self.published[number]

    @rule()
    def collect(self) -> None:
        collect(self.store, UID)

    @invariant()
    def every_snapshot_is_whole(self) -> None:
        listed = manifests.snapshots(self.store, UID)
        assert {each.number: each for each in listed.manifests} == self.published
        there = blobs(self.store)
        assert all(name in there for each in self.published.values() for name in each.blobs)

    def teardown(self) -> None:
        rmtree(self.folder)


TestNoOrderOfUpkeepBreaksASnapshot = Upkeep.TestCase
TestNoOrderOfUpkeepBreaksASnapshot.settings = settings(
    deadline=None, max_examples=25, stateful_step_count=15
)


def test_ages_are_told_by_the_stores_clock_alone(tmp_path: Path) -> None:
    class Ahead(Folder):
        def probe(self) -> datetime:
            return super().probe() - timedelta(days=365)

    store = Ahead(tmp_path / "store")
    store.create(f"{layout.blobs(UID)}/unnamed", [b"?"], if_absent=True)
    age_files(tmp_path, timedelta(days=300))
    assert collect(store, UID).files == 0
    assert collect(Folder(tmp_path / "store"), UID).files == 1

"""Which snapshots go, and how files go without harming a publish that is under way elsewhere.

A blob is removed when no manifest names it and it is older than GRACE. Two things are judged here
and in publishing.py so that this never takes what a coming manifest will name:

- Ages are told by the store's own clock (BlobStore.probe, Stored.modified). No node's is asked.
- A manifest that is dropped moves to `dropped/`, and what it names stays for GRACE after that. A
  publish reuses a blob only when the newest manifest names it, which therefore stays, or when it is
  younger than GRACE / 4. It is done within GRACE / 2, or takes its manifest back. So whatever it
  counts on is named, or younger than GRACE, until its own manifest is there to be seen.
- What it does not reuse it uploads, old or not, so that the file is young; here every file is
  looked at again right before it goes. After its manifest is there it makes sure that all it names
  is there too.

Blobs are listed before the manifests are read: one uploaded in between is not in the list. A
manifest that cannot be read names nobody knows what, so nothing is removed while there is one.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from embedding_service.indexes.snapshots import layout, manifests, suspects
from embedding_service.indexes.snapshots.blobs import BlobStore, Stored
from embedding_service.indexes.snapshots.manifest import Manifest


@dataclass(frozen=True, slots=True)
class Policy:
    """Which snapshots stay. The newest always does."""

    newest: int
    """How many, whatever their age."""
    younger_than: timedelta
    """All of these, whatever their number."""
    held: frozenset[str] = frozenset()
    """Ids of those that somebody needs, whatever their number and age."""
    made_by: datetime | None = None
    """All that were made after this moment: `held` is of then, and cannot know them."""


@dataclass(frozen=True, slots=True)
class Removed:
    """What a collection has removed."""

    files: int
    size: int
    """Bytes."""


def plan_drops(snapshots: Sequence[Manifest], policy: Policy, now: datetime) -> list[Manifest]:
    """The snapshots that are to go, oldest first."""
    ordered = sorted(snapshots, key=lambda each: each.number, reverse=True)
    old = [
        each
        for each in ordered[max(1, policy.newest) :]
        if _age(each, now) >= policy.younger_than
        and each.id not in policy.held
        and (policy.made_by is None or each.created <= policy.made_by)
    ]
    return old[::-1]


def drop(store: BlobStore, uid: str, number: int) -> None:
    """Take one snapshot away, readable or not; its files follow after GRACE (`collect`)."""
    name = layout.manifest(layout.snapshots(uid), number)
    try:
        content = store.read(name)
    except FileNotFoundError:
        return
    # The copy first: at no moment does nothing name the blobs.
    store.create(layout.manifest(layout.dropped(uid), number), [content], if_absent=False)
    store.delete(name)


def purge(store: BlobStore, uid: str) -> int:
    """Remove all that there is of an index, at once; how many snapshots went.

    For an index that is gone: a publish that is under way meanwhile finds its files missing.
    """
    folder = layout.snapshots(uid)
    gone = len(manifests.numbers(store, folder))
    # No manifest outlives its files.
    for each in (folder, layout.dropped(uid), layout.blobs(uid), layout.suspects(uid)):
        for stored in store.listing(each):
            store.delete(stored.name)
    return gone


def collect(
    store: BlobStore,
    uid: str,
    grace: timedelta = layout.GRACE,
    also_named: Collection[str] = (),
) -> Removed:
    """Remove files that nothing names any more, neither a manifest nor `also_named`.

    Safe beside publishes and other collections as long as `grace` is GRACE or more.
    Raises DamagedSnapshot, SnapshotTooNew: a manifest cannot be read, and nothing was removed.
    """
    now = store.probe()
    there = [*store.listing(layout.blobs(uid)), *store.listing(layout.dropped(uid))]
    there += [each for each in store.listing(layout.snapshots(uid)) if _is_draft(each)]
    kept = _named(store, uid, now - grace) | {f"{uid}/{name}" for name in also_named}
    damaged = {f"{uid}/{name}": name for name in suspects.noted(store, uid)}
    files = size = 0
    for listed in there:
        if listed.name in kept or listed.modified > now - grace:
            continue
        again = store.stat(listed.name)
        if again is not None and again.modified <= now - grace:
            store.delete(listed.name)
            files, size = files + 1, size + listed.size
            if listed.name in damaged:
                suspects.clear(store, uid, damaged[listed.name])
    return Removed(files, size)


def _named(store: BlobStore, uid: str, since: datetime) -> set[str]:
    """Names of the manifests that count, and of all that they name."""
    # Snapshots before dropped ones: a manifest that moves meanwhile is then seen twice, never not
    # at all.
    kept: set[str] = set()
    for folder in (layout.snapshots(uid), layout.dropped(uid)):
        for number in manifests.numbers(store, folder):
            name = layout.manifest(folder, number)
            stored = store.stat(name)
            is_expired = folder == layout.dropped(uid) and stored and stored.modified <= since
            if stored is None or is_expired:
                continue
            if (manifest := manifests.read(store, folder, number)) is not None:
                kept |= {name, *(f"{uid}/{blob}" for blob in manifest.blobs)}
    return kept


def _is_draft(stored: Stored) -> bool:
    """Whether it is what a process that died in the middle of writing a manifest has left."""
    return layout.number_of(stored.name) is None


def _age(manifest: Manifest, now: datetime) -> timedelta:
    return now - manifest.created

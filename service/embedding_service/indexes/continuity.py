"""Whether the record leads on from a snapshot: only then may a view begin with it."""

from embedding_service.indexes.errors import Conflict
from embedding_service.indexes.records.record import Record, Standing
from embedding_service.indexes.segments.bitmaps import Bitmap
from embedding_service.indexes.segments.segment import Sealed
from embedding_service.indexes.snapshots.manifest import Manifest
from embedding_service.indexes.snapshots.source import Segments


def check_fit(manifest: Manifest, standing: Standing) -> None:
    """Raise Conflict unless the tail of the record leads from the snapshot to what is there now."""
    theirs, ours = manifest.index, standing.definition
    if (theirs.uid, theirs.model) != (ours.uid, ours.model):
        raise Conflict(f"snapshot {manifest.id} is of another index or model")
    if (theirs.dimension, theirs.metric, theirs.fields) != (
        ours.dimension,
        ours.metric,
        ours.fields,
    ):
        raise Conflict(f"snapshot {manifest.id} is of another dimension, metric or fields")
    if manifest.version > standing.version:
        raise Conflict(
            f"snapshot {manifest.id} is at version {manifest.version}, the record at "
            f"{standing.version}: the database was restored from an older copy"
        )
    if manifest.segments is not None and manifest.segments.version < standing.purged_version:
        raise Conflict(
            f"snapshot {manifest.id} is at version {manifest.segments.version}, and removals up to "
            f"{standing.purged_version} are forgotten"
        )


def check_history(record: Record, uid: str, segments: Segments) -> None:
    """Raise Conflict when the record has other writes under the same versions.

    As after a restore of the database from an older copy, and new writes since. The newest row of
    the segments tells: whatever took its version there, it is another document's or none's.
    """
    newest = [_newest_row(segment, live) for segment, live in segments.items if live.ones]
    if not newest:
        return
    version, key, id_ = max(newest)
    document = record.fetch(uid, [key]).get(key)
    if document is None or document.version > segments.version:
        return
    if (document.version, document.id) != (version, id_):
        raise Conflict("the record has other documents under the snapshot's versions")


def _newest_row(segment: Sealed, live: Bitmap) -> tuple[int, int, str]:
    slots = live.slots
    slot = int(slots[segment.versions[slots].argmax()])
    return int(segment.versions[slot]), int(segment.keys[slot]), segment.ids[slot]

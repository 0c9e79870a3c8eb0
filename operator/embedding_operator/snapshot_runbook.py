"""What each condition of an EmbeddingIndexSnapshot means, and what a person can do."""

from collections.abc import Mapping
from typing import Final

from embedding_operator.reasons import SnapshotConditionType, SnapshotReason
from embedding_operator.runbook import Entry

_FAILED = SnapshotConditionType.FAILED

SNAPSHOT_RUNBOOK: Final[Mapping[tuple[SnapshotConditionType, SnapshotReason], Entry]] = {
    (SnapshotConditionType.COMPLETED, SnapshotReason.SUCCEEDED): Entry(
        "True", "It is in the storage, and stays there while the object does."
    ),
    (_FAILED, SnapshotReason.EXECUTOR_LOST): Entry(
        "True",
        "Three pods in a row have ended while they made it.",
        "See why they end, most often for want of memory; then make another one.",
    ),
    (_FAILED, SnapshotReason.REFUSED): Entry(
        "True",
        "A pod could not make it, and could not the next time either.",
        "The message is the pod's; mend that, then make another one.",
    ),
    (_FAILED, SnapshotReason.DEADLINE_EXCEEDED): Entry(
        "True",
        "It was not there in time: no pod was ready, storage or database were away, or no index "
        "has the name in `indexRef`.",
        "The message says what it waited for last.",
    ),
    (_FAILED, SnapshotReason.OBJECT_STORE_UNREACHABLE): Entry(
        "True",
        "Until its deadline the storage did not answer, or refused.",
        "The message is the storage's; mend that, then make another one.",
    ),
    (_FAILED, SnapshotReason.STORAGE_FULL): Entry(
        "True",
        "The storage is full, or the pod's own disk; nothing of it was published.",
        "Make room, then make another one.",
    ),
    (_FAILED, SnapshotReason.INDEX_GONE): Entry(
        "True", "Its index was deleted while it was being made.", "Ask the index that is there now."
    ),
}

"""What a plan asks for beside children and status."""

from dataclasses import dataclass
from typing import TypeAlias

from embedding_operator.observe.pods import Pod
from embedding_operator.resources.objects import EmbeddingIndexSnapshot
from embedding_operator.resources.snapshot import SnapshotStatus


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, for `kubectl describe`."""

    reason: str
    message: str
    is_warning: bool = False


@dataclass(frozen=True, slots=True)
class CreateSnapshot:
    """The schedule's slot has come."""

    name: str
    slot: str
    """RFC 3339."""


@dataclass(frozen=True, slots=True)
class StartSnapshot:
    """Ask a pod for a snapshot; asked twice, it makes one."""

    snapshot: EmbeddingIndexSnapshot
    pod: Pod
    is_retry: bool


@dataclass(frozen=True, slots=True)
class UpdateSnapshot:
    """Tell how a snapshot stands."""

    snapshot: EmbeddingIndexSnapshot
    status: SnapshotStatus


@dataclass(frozen=True, slots=True)
class DeleteSnapshot:
    """Its time is over; its data goes when pods sweep next."""

    snapshot: EmbeddingIndexSnapshot


SnapshotAction: TypeAlias = CreateSnapshot | StartSnapshot | UpdateSnapshot | DeleteSnapshot


def name_snapshot(action: SnapshotAction) -> str:
    """The object that it is about."""
    return action.name if isinstance(action, CreateSnapshot) else action.snapshot.meta.name

"""Values of the record that are no documents."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from embedding_service.indexes.definition import Definition
from embedding_service.indexes.digests import Digest
from embedding_service.indexes.documents import Point

JSONValue: TypeAlias = (
    str | int | float | bool | list["JSONValue"] | Mapping[str, "JSONValue"] | None
)


@dataclass(frozen=True, slots=True)
class Standing:
    """One index as the record has it now."""

    definition: Definition
    version: int
    """Last assigned."""
    purged_version: int
    """Tombstones at or below may be gone: a reader behind it must load afresh."""
    count: int
    """Live documents."""
    size: int
    """Bytes of their ids, texts, metadata and vectors."""
    created_at: float
    """Unix seconds."""
    commit_id: int = 0
    """Of the write that made `version`."""
    build: int = 0
    """Number of the newest build."""
    engine_revision: int = 0
    """Of the settings that its engine is from; 0 where they had none."""

    @property
    def head(self) -> Point:
        """Where its history has come to."""
        return Point(self.version, self.commit_id)


@dataclass(frozen=True, slots=True)
class Build:
    """Graphs that were built for all processes; together with rows that have none they are all."""

    number: int
    """From 1; 0 is that there is none."""
    segments: Sequence[Mapping[str, Digest]]
    """The files of each, by name."""


@dataclass(frozen=True, slots=True)
class Quota:
    """Upper bounds of one index; 0 is no bound."""

    documents: int
    size: int
    """Bytes, as in Standing."""


class JobState(StrEnum):
    """Where a job is; the last three are final."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


FINAL: Final = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Job:
    """Long work on one index, told by whoever does it to whoever asks."""

    id: str
    index_uid: str
    kind: str
    state: JobState
    progress: float
    """0 to 1."""
    detail: Mapping[str, JSONValue]
    created_at: float
    """Unix seconds."""
    updated_at: float
    """Unix seconds."""


KEY: Final = "key"
"""In the detail of a job that was claimed."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What makes a job one of its own, by whatever process it is asked for."""

    key: str
    may_follow: Callable[[Job], bool]
    """Whether another job may come after the one that has the key."""

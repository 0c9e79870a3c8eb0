"""What the operator's routes read."""

from typing import Annotated, Final, TypeAlias

from pydantic import ConfigDict, Field

from embedding_service.api.bodies import Payload
from embedding_service.api.native.indexes.payloads import LONGEST_SNAPSHOT, LONGEST_UID, UID
from embedding_service.retrieval.requests import Kept, SourceSnapshot

_LONGEST_URL: Final = 2_048
_MOST_HELD: Final = 100_000
"""Ten times what an operator's retention keeps, for those that people keep besides."""
_LONGEST_PERIOD: Final = 3.2e9
"""Seconds: a hundred years."""

SnapshotId: TypeAlias = Annotated[str, Field(min_length=1, max_length=LONGEST_SNAPSHOT)]
Count: TypeAlias = Annotated[int, Field(ge=0)]
Seconds: TypeAlias = Annotated[float, Field(ge=0, le=_LONGEST_PERIOD, allow_inf_nan=False)]


class _Order(Payload):
    """A job that is asked for under a key."""

    model_config = ConfigDict(extra="forbid")

    retry: bool = False
    """Do it again, where the key's last job has failed."""


class SnapshotOrder(_Order):
    """A snapshot to be made, and those that stay when old ones go."""

    held: list[SnapshotId] = Field(default=[], max_length=_MOST_HELD)
    keep: Count | None = None
    keep_seconds: Seconds | None = None

    @property
    def kept(self) -> Kept:
        """In the words of the room below."""
        return Kept(frozenset(self.held), self.keep, self.keep_seconds)


class RestoreOrder(_Order):
    """A snapshot to be written over the index."""

    snapshot: SnapshotId = "newest"
    from_uid: Annotated[str, Field(pattern=UID, max_length=LONGEST_UID)] | None = None
    url: Annotated[str, Field(min_length=1, max_length=_LONGEST_URL)] | None = None

    @property
    def wanted(self) -> SourceSnapshot:
        """In the words of the room below."""
        return SourceSnapshot(self.snapshot, self.from_uid, self.url)


class ReloadOrder(_Order):
    """What is searched, to be made anew."""

    snapshot: SnapshotId | None = None


class SweepRequest(Payload):
    """Which snapshots stay."""

    model_config = ConfigDict(extra="forbid")

    held: list[SnapshotId] = Field(max_length=_MOST_HELD)
    keep: Count
    keep_seconds: Seconds

    @property
    def kept(self) -> Kept:
        """In the words of the room below."""
        return Kept(frozenset(self.held), self.keep, self.keep_seconds)


class PurgeOrder(_Order):
    """The end of an index."""

    confirm: str = Field(max_length=LONGEST_UID)
    """Its uid."""
    snapshots: bool
    """Whether its snapshots go as well."""

"""What pods say of themselves on port 8002 (docs/operator-port.md)."""

from collections.abc import Sequence
from typing import Final

from pydantic import AwareDatetime, BaseModel, ConfigDict

LOST: Final = "process_ended"
"""Code of work whose process is gone."""
STORE_AWAY: Final = "snapshot_store_unavailable"
"""Code of work whose store of snapshots did not answer, or refused."""
NO_ROOM: Final = "out_of_space"
"""Code of work whose store, or whose own disk, was full."""
AWAY: Final = frozenset({"record_unavailable", STORE_AWAY})
"""Codes of work for which database or store were away."""
DAMAGED: Final = "snapshot_damaged"
"""Code of work for which a file of a snapshot was not what was published."""
OTHER_MODEL: Final = frozenset({"model_mismatch", "model_not_found", "model_unavailable"})
"""Codes of an encoder that answers, but not with the index's model."""


def name_bootstrap(uid: str) -> str:
    """The key under which pods fill an index once."""
    return f"bootstrap-{uid}"


def name_reload(since: int, instance: str, *, is_back: bool) -> str:
    """The key under which a pod's process loads a snapshot once.

    `since` is the generation of the spec that named it; `is_back` means the one before, after pods
    have refused what was named.
    """
    return f"reload-{since}{'-back' if is_back else ''}-{instance}"


def name_purge(uid: str, *, removes_snapshots: bool) -> str:
    """The key under which a pod removes an index once; with its snapshots is another order."""
    return f"purge-{'all' if removes_snapshots else 'rows'}-{uid}"


class _Word(BaseModel):
    """Frozen; what a newer pod adds is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


class IndexReport(_Word):
    """The index as one pod has it."""

    model: str | None = None
    fingerprint: str | None = None
    dimension: int | None = None
    documents: int = 0
    version: int = 0
    applied: int = 0
    damage: str | None = None


class SnapshotReport(_Word):
    """Which snapshot its view was begun from."""

    begun_from: str | None = None
    fault: str | None = None


class DatabaseReport(_Word):
    """Whether its database answers."""

    reachable: bool = True
    fault: str | None = None


class ShortageReport(_Word):
    """What there is too little of for another document."""

    of: str
    """disk or memory."""
    told: str


class EncoderReport(_Word):
    """Who embeds for it."""

    serving: bool = True
    is_fallback: bool = False
    fault: str | None = None
    code: str | None = None
    """What the fault is for programs, as in docs/errors.md."""


class Load(_Word):
    """What it has to do."""

    in_flight: int = 0
    queue_wait_seconds: float = 0.0
    cpu_seconds: float = 0.0


class Report(_Word):
    """All of it."""

    instance: str
    version: str = ""
    ready: bool = False
    index: IndexReport | None = None
    snapshot: SnapshotReport = SnapshotReport()
    database: DatabaseReport = DatabaseReport()
    shortage: ShortageReport | None = None
    encoder: EncoderReport = EncoderReport()
    load: Load = Load()


class JobDetail(_Word):
    """What work tells of a snapshot when it is done."""

    id: str | None = None
    version: int | None = None
    count: int | None = None
    size_bytes: int | None = None
    uri: str | None = None
    checksum: str | None = None
    dimension: int | None = None
    metric: str | None = None
    fingerprint: str | None = None
    snapshot: str | None = None
    """Id of the one that was put back."""


class Job(_Word):
    """Long work of a pod."""

    id: str
    state: str
    """queued, running, succeeded, failed or cancelled."""
    progress: float = 0.0
    error: str | None = None
    code: str | None = None
    """What the error is for programs: as in docs/errors.md, or `process_ended`."""
    updated_at: AwareDatetime | None = None
    attempts: int = 1
    """Jobs that there have been under its key."""
    setback: str | None = None
    """Why the one before it has failed, where that was for something that may be over."""
    setback_code: str | None = None
    """The same for programs."""
    detail: JobDetail = JobDetail()
    instance: str = ""

    @property
    def is_lost(self) -> bool:
        """Whether it has failed because its process is gone; such work may be done again."""
        return self.has_failed and self.code == LOST

    @property
    def has_succeeded(self) -> bool:
        """Whether it is done."""
        return self.state == "succeeded"

    @property
    def is_passing(self) -> bool:
        """Whether it has failed because database or store were away; they may come back."""
        return self.has_failed and self.code in AWAY

    @property
    def is_mendable(self) -> bool:
        """The same, or because of a damaged file, which a person may bring back."""
        return self.is_passing or (self.has_failed and self.code == DAMAGED)

    @property
    def has_failed(self) -> bool:
        """Whether it has ended in vain."""
        return self.state in {"failed", "cancelled"}


def fold(jobs: Sequence[Job]) -> Job:
    """The newest of the jobs of one key, with what the others tell; they come newest first."""
    newest, *others = jobs
    told: dict[str, int | str | None] = {"attempts": len(jobs)}
    if others and others[0].is_mendable:
        told |= {"setback": others[0].error, "setback_code": others[0].code}
    return newest.model_copy(update=told)

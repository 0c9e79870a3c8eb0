"""What callers ask of jobs and what they get: values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from embedding_service.indexes.definition import Engine
from embedding_service.indexes.records.standing import KEY, Job, JobState, JSONValue

INSTANCE = "instance"
"""In the detail of a job: the process that was told to do it."""
COMPACT = "compact"
REINDEX = "reindex"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCopy:
    """An index to be made of another's texts, embedded anew."""

    into: str
    """Its name."""
    model: str | None = None
    """Served name; None is that of the other's model, as it is served now."""
    dimension: int | None = None
    """None is the other's where the model is the same, else the model's own."""
    engine: Engine | None = None
    """None is the other's; another one than that has its usual parameters."""


@dataclass(frozen=True, slots=True)
class Order:
    """Makes a job one that is done once, however often it is asked for."""

    key: str
    may_retry: bool = False
    """Whether it is to be done again after it has failed."""


@dataclass(frozen=True, slots=True)
class JobFacts:
    """One job, as it is now."""

    id: str
    index: str
    """Its name."""
    kind: str
    state: JobState
    progress: float
    """0 to 1; 1 only when it has succeeded."""
    phase: str | None
    """What it is at, in a word; None before it begins."""
    error: str | None
    """Why it has failed, in a sentence."""
    code: str | None
    """The same for programs: of docs/errors.md, or `process_ended`; None for what has none."""
    detail: Mapping[str, JSONValue]
    """What is its kind's own: what was asked, and what has come of it."""
    created_at: float
    """Unix seconds."""
    updated_at: float
    """Unix seconds."""
    key: str | None = None
    """Of the order that it was."""
    instance: str | None = None
    """Of the process that does it, where it was ordered."""


def describe(job: Job, index: str) -> JobFacts:
    """A job of the index with this name."""
    detail = dict(job.detail)
    phase, error, code = (detail.pop(each, None) for each in ("phase", "error", "code"))
    key, instance = detail.pop(KEY, None), detail.pop(INSTANCE, None)
    return JobFacts(
        id=job.id,
        index=index,
        kind=job.kind,
        state=job.state,
        progress=job.progress,
        phase=None if phase is None else str(phase),
        error=None if error is None else str(error),
        code=None if code is None else str(code),
        detail=detail,
        created_at=job.created_at,
        updated_at=job.updated_at,
        key=None if key is None else str(key),
        instance=None if instance is None else str(instance),
    )

"""How one job goes, as its work tells it and its runner writes it down."""

import threading
from dataclasses import replace
from typing import Final

from embedding_service.indexes.records.standing import FINAL, Job, JobState, JSONValue

_ALMOST: Final = 0.999
"""The most that is told before the end."""


class JobFailed(Exception):
    """The work cannot be done; the message is a sentence for whoever asked for it."""


class Report:
    """Thread-safe."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._telling = threading.Lock()

    @property
    def job(self) -> Job:
        """As it is now."""
        return self._job

    def tell(
        self, phase: str | None = None, progress: float | None = None, **detail: JSONValue
    ) -> None:
        """Say how it goes: what it is at, how much of it is done (never less than before)."""
        if phase is not None:
            detail["phase"] = phase
        self._change(JobState.RUNNING, min(progress or 0.0, _ALMOST), detail)

    def succeed(self) -> None:
        """It is done."""
        self._change(JobState.SUCCEEDED, 1.0, {})

    def fail(self, error: str, code: str | None = None) -> None:
        """It has come to nothing; `code` says for programs what the sentence says for people."""
        self._change(JobState.FAILED, 0.0, {"error": error, "code": code})

    def _change(self, state: JobState, progress: float, detail: dict[str, JSONValue]) -> None:
        with self._telling:
            job = self._job
            if job.state not in FINAL:  # a thread may still tell of what was given up
                self._job = replace(
                    job,
                    state=state,
                    progress=max(progress, job.progress),
                    detail={**job.detail, **detail},
                )

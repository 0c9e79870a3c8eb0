"""Executes jobs in the background of a process, one at a time, and keeps their rows.

A row is written when its job begins and ends, at most once a second in between, and at least every
15 seconds: a job that nobody writes of has lost its process.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, TypeAlias
from uuid import uuid4

import structlog

from embedding_service.errors import ServiceError, Unavailable
from embedding_service.indexes.errors import Conflict, NotFound, RecordUnavailable
from embedding_service.indexes.records.record import Claim, Job, JobState, Record
from embedding_service.indexes.records.standing import FINAL, JSONValue
from embedding_service.jobs.report import JobFailed, Report
from embedding_service.jobs.requests import INSTANCE, Order

ENDED: Final = "the process that ran it ended"
ENDED_CODE: Final = "process_ended"
STALE: Final = 60.0
"""Seconds without a word after which a job's process counts as gone."""
_HEARTBEAT: Final = 15.0
"""Seconds; a paused process, or a database that is away, may miss three of them."""
_PERIOD: Final = 1.0
_UNFORESEEN: Final = "an error nobody foresaw; the server's log has it under the job's id"

Work: TypeAlias = Callable[[Report], Awaitable[None]]
"""Does a job. Raises JobFailed, or any ServiceError, with what is told of it."""

_log = structlog.stdlib.get_logger(__name__)


@dataclass(slots=True, eq=False)
class _Ticket:
    report: Report
    work: Work
    written: Job
    """As its row has it."""
    written_at: float = field(default_factory=time.monotonic)


class Runner:
    """Bound to one event loop."""

    def __init__(
        self, record: Record, period: float = _PERIOD, clock: Callable[[], float] = time.time
    ) -> None:
        """`period` is in seconds, between two looks at what is to be written; `clock` is Unix's."""
        self.instance = uuid4().hex
        """Tells this process from others."""
        self._clock = clock
        self._record = record
        self._period = period
        self._tickets: dict[str, _Ticket] = {}
        self._waiting: asyncio.Queue[_Ticket] = asyncio.Queue()
        self._news = asyncio.Event()
        self._submitting = asyncio.Lock()
        self._is_closed = False
        self._running: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Tell of jobs that have lost their process, then begin. Raises RecordUnavailable."""
        await asyncio.to_thread(self._bury_lost)
        self._running = asyncio.create_task(self._run_all())
        self._writing = asyncio.create_task(self._write_on())

    async def submit(self, uid: str, kind: str, work: Work, detail: Mapping[str, JSONValue]) -> Job:
        """Queue a job of the index with this key.

        Raises:
            Conflict: one of its kind is under way. NotFound, RecordUnavailable, Unavailable.
        """
        async with self._submitting:
            self._check_open()
            self._check_free(uid, kind)
            job = await asyncio.to_thread(self._record.create_job, uid, kind, detail)
            self._queue(job, work)
            return job

    async def claim(
        self, uid: str, kind: str, work: Work, order: Order, detail: Mapping[str, JSONValue]
    ) -> tuple[Job, bool]:
        """The job of an order, and whether it is a new one, queued here.

        Raises KeyReused, NotFound, RecordUnavailable, Unavailable.
        """

        def may_follow(job: Job) -> bool:
            has_failed = job.state is JobState.FAILED or self._is_lost(job, STALE)
            return order.may_retry and has_failed

        claim, told = Claim(order.key, may_follow), {**detail, INSTANCE: self.instance}
        async with self._submitting:
            self._check_open()
            job, is_new = await asyncio.to_thread(self._record.claim_job, uid, kind, claim, told)
            if is_new:
                self._queue(job, work)
                return job, True
        ticket = self._tickets.get(job.id)
        if ticket is not None:  # which knows more than its row
            return ticket.report.job, False
        return await asyncio.to_thread(self.bury, job), False

    def bury(self, job: Job) -> Job:
        """The job as it is: failed, where nobody has written of it for too long. Blocking."""
        return self._bury(job, STALE)

    async def close(self) -> None:
        """End what runs; what is left undone is told as failed."""
        async with self._submitting:
            self._is_closed = True
        if self._running is None or self._writing is None:
            return
        self._running.cancel()
        await asyncio.gather(self._running, return_exceptions=True)
        for ticket in self._tickets.values():
            told = _tell_ended(ticket.report.job)
            ticket.report.fail(told, ENDED_CODE)  # but those that have ended before
        self._running = None
        self._news.set()
        await self._writing

    def _check_open(self) -> None:
        if self._is_closed:
            raise Unavailable("the server is shutting down; send the request again")

    def _queue(self, job: Job, work: Work) -> None:
        ticket = self._tickets[job.id] = _Ticket(Report(job), work, job)
        self._waiting.put_nowait(ticket)

    def _is_lost(self, job: Job, patience: float) -> bool:
        is_ours = job.id in self._tickets
        return job.state not in FINAL and not is_ours and self._clock() - job.updated_at > patience

    def _bury_lost(self) -> None:
        # A record that is not shared has one process: this one, which has not begun with any.
        patience = STALE if self._record.is_shared else -math.inf
        for standing in self._record.indexes():
            for job in self._record.jobs(standing.definition.uid):
                self._bury(job, patience)

    def _bury(self, job: Job, patience: float) -> Job:
        if not self._is_lost(job, patience):
            return job
        report = Report(job)
        report.fail(_tell_ended(job), ENDED_CODE)
        with suppress(NotFound):  # its index was dropped
            self._record.update_job(report.job)
        return report.job

    def _check_free(self, uid: str, kind: str) -> None:
        for ticket in self._tickets.values():
            job = ticket.report.job
            if (job.index_uid, job.kind) == (uid, kind) and job.state not in FINAL:
                raise Conflict(f"a job of this kind is under way already: {job.id}")

    async def _run_all(self) -> None:
        while True:
            ticket = await self._waiting.get()
            try:
                await self._run(ticket.report, ticket.work)
            finally:
                self._news.set()

    async def _run(self, report: Report, work: Work) -> None:
        report.tell("starting")
        self._news.set()
        await carry_out(report, work)

    async def _write_on(self) -> None:
        while self._running is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._period if self._tickets else None):
                    await self._news.wait()
            self._news.clear()
            await self._write()
        await self._write()  # what has ended while the last one was under way

    async def _write(self) -> None:
        for ticket in list(self._tickets.values()):
            job = ticket.report.job
            is_fresh = time.monotonic() - ticket.written_at < _HEARTBEAT
            if job == ticket.written and is_fresh:
                continue
            try:
                await asyncio.to_thread(self._record.update_job, job)
            except NotFound:  # its index was dropped, and its row with it
                del self._tickets[job.id]
                continue
            except RecordUnavailable as error:
                _log.warning("a job cannot be told of", job=job.id, reason=error.message)
                continue
            except Exception:  # noqa: BLE001  the next one may be written
                _log.exception("a job cannot be told of", job=job.id)
                continue
            ticket.written, ticket.written_at = job, time.monotonic()
            if job.state in FINAL:
                del self._tickets[job.id]


async def carry_out(report: Report, work: Work) -> None:
    """Do the work of a job, and have its report say how it has ended."""
    job = report.job
    try:
        await work(report)
    except (JobFailed, ServiceError) as error:
        report.fail(str(error), error.code if isinstance(error, ServiceError) else None)
        _log.warning("a job has failed", job=job.id, kind=job.kind, reason=str(error))
    except Exception:  # noqa: BLE001  whatever it was, the next job is not to blame
        report.fail(_UNFORESEEN, ServiceError.code)
        _log.exception("a job has failed", job=job.id, kind=job.kind)
    else:
        report.succeed()
        _log.info("a job is done", job=job.id, kind=job.kind)


def _tell_ended(job: Job) -> str:
    into = job.detail.get("into")
    if into is None:
        return ENDED
    return f"{ENDED}; index {into!r} may be there, incomplete: remove it before you start again"

"""Makes all sealed segments of an index one, and forgets what nobody needs any more."""

from dataclasses import dataclass
from typing import Final

from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.segments.files import DamagedSegment
from embedding_service.indexes.upkeep.building import BuildFailed, WorkshopClosed
from embedding_service.indexes.upkeep.upkeep import Upkeep
from embedding_service.jobs.report import JobFailed, Report
from embedding_service.jobs.runner import ENDED
from embedding_service.jobs.threads import in_thread

_RETENTION: Final = 86_400.0
"""Seconds in which removals are kept: whoever is behind them, a process or a snapshot to start
from, must read all documents again."""


@dataclass(frozen=True, slots=True)
class Compaction:
    """Of one index."""

    index: Index
    upkeep: Upkeep
    record: Record
    retention: float = _RETENTION

    async def run(self, report: Report) -> None:
        """Do it. It ends soon after `upkeep` was closed."""
        await in_thread(lambda: self._run(report))

    def _run(self, report: Report) -> None:
        report.tell("waiting")
        is_changed = self._compact(report)
        report.tell("purging", 0.9, compacted=is_changed)
        purged = self.record.purge(self.index.definition.uid, self.retention)
        report.tell("done", purged=purged, segments=len(self.index.view.sealed))

    def _compact(self, report: Report) -> bool:
        try:
            return self.upkeep.compact(self.index, lambda: report.tell("building", 0.1))
        except WorkshopClosed:
            raise JobFailed(ENDED) from None
        except (BuildFailed, DamagedSegment, OSError) as error:
            told = error.strerror if isinstance(error, OSError) else str(error)
            raise JobFailed(
                f"no graph could be built: {told}; rows are searched exactly"
            ) from error

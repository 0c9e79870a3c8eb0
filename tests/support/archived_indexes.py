"""An index with an archive of snapshots, and what a view of it begins with."""

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from embedding_service.indexes.archive import Archive
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.record import Record, Standing
from embedding_service.indexes.view import View
from embedding_service.telemetry.index_metrics import IndexMetrics
from open_indexes import DEFINITION, FREE, puts_of

IDS = [f"d{row}" for row in range(10)]


def open_index(record: Record, archive: Archive) -> Index:
    index = Index(record, DEFINITION, FREE, IndexMetrics(CollectorRegistry()), archive)
    index.follow()
    return index


def fill(index: Index, ids: list[str], x: float = 1) -> None:
    index.put(puts_of({id_: (x, row) for row, id_ in enumerate(ids)}))


def begin(record: Record, archive: Archive, standing: Standing | None = None) -> tuple[View, str]:
    """The view, and why it is empty."""
    with capture_logs() as logs:
        begun = archive.begin(record, standing or record.standing(DEFINITION.uid))
    return begun.view, " ".join(str(entry["reason"]) for entry in logs)

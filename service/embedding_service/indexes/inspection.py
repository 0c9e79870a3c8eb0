"""Checks an index end to end: every row as it was written, and the view as the rows say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from embedding_service.indexes.documents import Document, Scan
from embedding_service.indexes.errors import IndexDamaged
from embedding_service.indexes.index import Index
from embedding_service.indexes.view import State


@dataclass(slots=True)
class Report:
    """What was looked at, and what is wrong."""

    version: int
    """Of the record, and of the view beside it."""
    documents: int = 0
    """Rows that were read and are whole."""
    damage: str | None = None
    """Why the record cannot be trusted; a snapshot must be restored."""
    strays: list[str] = field(default_factory=list)
    """Where memory and record differ; making the view anew mends it."""

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return self.damage is None and not self.strays


def inspect(index: Index, tell: Callable[[float], None]) -> Report:
    """Read all of an index; `tell` takes how much is done, 0 to 1. Raises RecordUnavailable."""
    report = Report(index.version)
    try:
        with index.standstill() as (scan, state):
            report.version = scan.version
            _compare(report, scan, state, tell)
    except IndexDamaged as error:
        report.damage = error.reason
    return report


def _compare(report: Report, scan: Scan, state: State, tell: Callable[[float], None]) -> None:
    if state.version != scan.version:
        report.strays.append(
            f"the view is at version {state.version}, the record at {scan.version}"
        )
    view = _Rows(state)
    for batch in scan.batches:
        report.documents += len(batch)
        view.take(batch)
        tell(report.documents / max(scan.count, 1))
    if report.documents != scan.count:
        report.damage = f"the record counts {scan.count:,} documents and has {report.documents:,}"
    if view.missing:
        report.strays.append(f"{view.missing:,} documents are not found as they are in the record")
    if extra := view.live - view.taken:
        report.strays.append(f"{extra:,} rows are found that are no documents")


class _Rows:
    """The live rows of a view, by key."""

    def __init__(self, state: State) -> None:
        parts = [(segment, live.slots) for segment, live in state.parts]
        self._keys = _join([segment.keys[slots] for segment, slots in parts])
        self._versions = _join([segment.versions[slots] for segment, slots in parts])
        self._ids = [segment.ids[slot] for segment, slots in parts for slot in slots.tolist()]
        self._order = np.argsort(self._keys, kind="stable")
        self._keys, self._versions = self._keys[self._order], self._versions[self._order]
        self.live = len(self._keys)
        self.taken = self.missing = 0

    def take(self, batch: Sequence[Document]) -> None:
        """Count those of the batch that are here, and those that are not."""
        keys = np.array([document.key for document in batch], dtype=np.int64)
        places = np.searchsorted(self._keys, keys)
        for document, place in zip(batch, places.tolist(), strict=True):
            if self._has(document, place):
                self.taken += 1
            else:
                self.missing += 1

    def _has(self, document: Document, place: int) -> bool:
        return (
            place < self.live
            and (self._keys[place], self._versions[place]) == (document.key, document.version)
            and self._ids[self._order[place]] == document.id
        )


def _join(columns: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)

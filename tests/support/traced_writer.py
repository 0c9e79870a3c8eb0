"""A short life of an index: written to, copied, closed and opened again, all of it told by steps.

    traced_writer.py FOLDER ACKNOWLEDGED

What is done is `STEPS`, one after the other. When a call has come back there is a line in the file
ACKNOWLEDGED: the number of the step, and what came of it: the snapshot's number, or null when the
disk has failed. SQLite's log goes into its file after every few pages.
"""

import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
from prometheus_client import CollectorRegistry
from sqlalchemy import Engine, event

from embedding_service.errors import ServiceError
from embedding_service.indexes.archive import NEWEST, Archive
from embedding_service.indexes.catalogue import Catalogue
from embedding_service.indexes.definition import Definition, Metric
from embedding_service.indexes.documents import Puts
from embedding_service.indexes.index import Index
from embedding_service.indexes.records.opening import open_record
from embedding_service.indexes.records.record import Quota
from embedding_service.indexes.snapshots.retention import Policy
from embedding_service.indexes.snapshots.stores import open_store
from embedding_service.telemetry.index_metrics import IndexMetrics

DEFINITION = Definition("u", "books", 4, Metric.DOT)
STEPS = (
    *("put", "put", "remove", "snapshot", "close"),
    *("put", "put", "remove", "put", "snapshot", "close"),
    *("snapshot", "drop", "put", "remove", "put", "snapshot", "close"),
    *("put", "remove"),
)
ROWS = 6
_PAGES = 12
"""Of SQLite's log, after which it goes into the file."""
_ATTEMPTS = 20
_TEXT = 700
"""Characters, so that a few documents fill a page."""

Documents = dict[str, str]
"""Text by id; the vector follows from the text."""


def after(documents: Documents, number: int) -> Documents:
    """What a step makes of some documents."""
    if STEPS[number] == "put":
        return documents | _texts_of(number)
    if STEPS[number] == "remove":
        gone = _removed_by(number)
        return {id_: text for id_, text in documents.items() if id_ not in gone}
    return documents


def vector_of(text: str) -> list[float]:
    """Of the document with this text."""
    drawn = np.random.default_rng(list(text[:20].encode())).random(4, dtype=np.float32)
    return [float(value) for value in drawn]


@dataclass
class Opened:
    """An index and its snapshots, as a process has them."""

    catalogue: Catalogue
    archive: Archive
    index: Index

    def close(self) -> None:
        self.catalogue.close()

    def do(self, number: int) -> int:
        """One step, but for closing; the number of the snapshot that it is about."""
        step, texts = STEPS[number], _texts_of(number)
        if step == "put":
            matrix = np.array([vector_of(text) for text in texts.values()], dtype=np.float32)
            self.index.put(Puts(list(texts), list(texts.values()), [None] * len(texts), matrix))
        elif step == "remove":
            self.index.remove(_removed_by(number))
        elif step == "snapshot":
            return self.archive.publish(self.index).number
        elif step == "drop":
            newest = self.archive.find("u", NEWEST)
            self.archive.drop("u", newest.id)
            return newest.number
        return 0


def open_all(folder: Path) -> Opened:
    """What is in `folder`, made there where it is not."""
    data = folder / "data"
    record = open_record(f"sqlite:///{data / 'record.db'}", data)
    try:
        if not record.indexes():
            record.create(DEFINITION)
        policy = Policy(2, timedelta(0))
        archive = Archive(open_store((folder / "snapshots").as_uri()), data, policy, "1")
        metrics = IndexMetrics(CollectorRegistry())
        catalogue = Catalogue(record, Quota(documents=0, size=0), metrics, archive)
        catalogue.load()
        return Opened(catalogue, archive, catalogue.get("books"))
    except BaseException:
        record.close()
        raise


def main() -> None:
    folder, acknowledged = Path(sys.argv[1]), sys.argv[2]
    told = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    event.listen(Engine, "connect", _hurry)
    life = _open(folder)
    for number, step in enumerate(STEPS):
        if step == "close":
            life.close()
            life = _open(folder)
        else:
            os.write(told, b"%s\n" % json.dumps([number, _try(life, number)]).encode())
    life.close()


def _open(folder: Path) -> Opened:
    """Again and again, should the disk fail."""
    for _ in range(_ATTEMPTS):
        with suppress(ServiceError):
            return open_all(folder)
    raise TimeoutError("it cannot be opened")


def _try(life: Opened, number: int) -> int | None:
    try:
        return life.do(number)
    except ServiceError:
        return None


def _hurry(connection: object, _: object) -> None:
    connection.execute(f"PRAGMA wal_autocheckpoint = {_PAGES}").close()  # type: ignore[attr-defined]


def _texts_of(number: int) -> Documents:
    """What a step puts: documents of which others have put some before."""
    return {f"{(number + row) % 9}": f"{number}/{row} ".ljust(_TEXT, "x") for row in range(ROWS)}


def _removed_by(number: int) -> list[str]:
    return [f"{(number + row) % 9}" for row in range(3)]


if __name__ == "__main__":
    main()

"""How far an import has come, in its journal's folder."""

import uuid
from pathlib import Path

import orjson

from embedding_service.cli.bulk.durable import replacing
from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.imports.batches import Batch

_FILE = "progress.json"


class Mark:
    """A line below which every document is in the index.

    Batches above it may be there too: they are sent again under the keys they had, and so not
    added again. A key begins with a word of this import's own, or a file that is imported once
    more, after its documents were removed, would be taken for a repetition.
    """

    def __init__(self, folder: Path, digest: str) -> None:
        """Go on from what `folder` says; `digest` is the file's. Raises Complaint."""
        self._path = folder / _FILE
        self._finished: dict[int, Batch] = {}
        self._next = 0
        try:
            found = orjson.loads(self._path.read_bytes())
            self.key, self.number, self.documents = (
                str(found["key"]),
                int(found["number"]),
                int(found["documents"]),
            )
        except FileNotFoundError:
            self.key, self.number, self.documents = f"{digest[:32]}-{uuid.uuid4().hex}", 0, 0
            self._write()
        except (ValueError, KeyError, TypeError):
            raise Complaint(f"{self._path}: is damaged; begin afresh with --restart") from None

    def key_of(self, batch: Batch) -> str:
        """The idempotency key of a batch."""
        return f"{self.key}-{batch.numbers[0]}-{batch.last}"

    def finish(self, position: int, batch: Batch) -> None:
        """Batch `position` of this run is done; the mark moves when all before it are."""
        self._finished[position] = batch
        if position != self._next:
            return
        while (done := self._finished.pop(self._next, None)) is not None:
            self.number, self.documents = done.last, self.documents + len(done.numbers)
            self._next += 1
        self._write()

    def _write(self) -> None:
        content = {"key": self.key, "number": self.number, "documents": self.documents}
        with replacing(self._path, self._path.with_suffix(".draft")) as file:
            file.write(orjson.dumps(content))

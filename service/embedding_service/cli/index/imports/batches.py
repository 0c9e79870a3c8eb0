"""Cuts documents into batches: what is sent, and remembered as done, at once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

import pybase64

from embedding_service.cli.index.indexes import encode
from embedding_service.retrieval.requests import NewDocument

MOST_BYTES: Final = 8_000_000
"""Of one batch, as JSON; one document alone may have more. A server's usual bound is 64 MiB."""


@dataclass(slots=True)
class Batch:
    """Consecutive documents."""

    numbers: list[int] = field(default_factory=list)
    """Where each stands in the file."""
    documents: list[bytes] = field(default_factory=list)
    """JSON objects, as the API takes them."""
    size: int = 0

    @property
    def last(self) -> int:
        """Where the last one stands."""
        return self.numbers[-1]

    def halves(self) -> tuple["Batch", "Batch"]:
        """The same documents in two batches."""
        middle = len(self.numbers) // 2
        head = Batch(self.numbers[:middle], self.documents[:middle])
        return head, Batch(self.numbers[middle:], self.documents[middle:])


def cut(documents: Iterable[tuple[int, NewDocument]], most: int) -> Iterator[Batch]:
    """Batches of at most `most` documents, the same whenever the documents are."""
    current = Batch()
    for number, document in documents:
        written = write(document)
        is_full = len(current.numbers) == most or current.size + len(written) > MOST_BYTES
        if is_full and current.numbers:
            yield current
            current = Batch()
        current.numbers.append(number)
        current.documents.append(written)
        current.size += len(written)
    if current.numbers:
        yield current


def write(document: NewDocument) -> bytes:
    """One document, as the API takes it. Raises Complaint."""
    fields: dict[str, object] = {"id": document.id}
    if document.text is not None:
        fields["text"] = document.text
    if document.vector is not None:
        fields["vector"] = pybase64.b64encode(document.vector.astype("<f4").tobytes()).decode()
    if document.metadata is not None:
        fields["metadata"] = document.metadata
    return encode(fields)

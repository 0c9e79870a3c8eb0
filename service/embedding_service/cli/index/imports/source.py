"""One file, read as documents of one index."""

from collections.abc import Iterator
from dataclasses import dataclass

from embedding_service.cli.complaints import Complaint
from embedding_service.cli.index.imports.columns import Fault, Reading
from embedding_service.cli.index.imports.tables import Table
from embedding_service.retrieval.requests import NewDocument


@dataclass(frozen=True, slots=True)
class Source:
    """The file and how it is read."""

    table: Table
    reading: Reading

    def documents(self, names: set[str] | None = None) -> Iterator[tuple[int, NewDocument]]:
        """All rows as documents, each with its number; some may be empty.

        The names of the columns that there are go into `names`. Raises Complaint.
        """
        for number, row in self.table.rows():
            if names is not None:
                names.update(row)
            try:
                yield number, self.reading.read(number, row)
            except Fault as fault:
                raise self.complaint(number, str(fault)) from None

    def filled(self) -> Iterator[tuple[int, NewDocument]]:
        """Those rows that have a text or a vector."""
        return (each for each in self.documents() if not is_empty(each[1]))

    def complaint(self, number: int, fault: str) -> Complaint:
        """What is wrong with row `number`."""
        return Complaint(f"{self.table.path}, {self.table.noun} {number}: {fault}")


def is_empty(document: NewDocument) -> bool:
    """Whether there is nothing to embed, nor a vector."""
    return document.vector is None and not (document.text and document.text.strip())

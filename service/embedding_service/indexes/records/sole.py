"""The record of one index, as if its database had no other."""

from dataclasses import dataclass, replace
from pathlib import Path

from embedding_service.indexes.blueprint import Blueprint
from embedding_service.indexes.definition import Definition
from embedding_service.indexes.errors import ManagedElsewhere, NotFound
from embedding_service.indexes.records.nicknames import read_nicknames
from embedding_service.indexes.records.postgresql import Address
from embedding_service.indexes.records.record import Record
from embedding_service.indexes.records.sessions import Database
from embedding_service.indexes.records.standing import Standing
from embedding_service.watched import Watched


@dataclass(frozen=True, slots=True)
class Sole:
    """Which index it is."""

    uid: str
    """Its key, and its name in the database: no other index there has it."""
    name: str
    """What people call it here; indexes of other namespaces may be called so too."""
    nicknames: Path | None = None
    """File of other names that it has here, one a line."""


class SoleRecord(Record):
    """A Record in which nothing else is to be found, made or dropped."""

    def __init__(
        self, database: Database, address: Address | None, patience: float, sole: Sole
    ) -> None:
        super().__init__(database, address, patience)
        self._sole = sole
        self._is_erased = False
        self._nicknames: Watched[frozenset[str]] | None = None
        if sole.nicknames is not None:
            self._nicknames = Watched(sole.nicknames, read_nicknames, first=frozenset())

    @property
    def is_renamed(self) -> bool:
        """By a file."""
        return self._nicknames is not None

    def create(self, definition: Definition) -> Standing:
        """Make the index.

        Raises Conflict when it is there, ManagedElsewhere for another one, and NotFound when it was
        erased: nothing that is still under way may bring it back.
        """
        if definition.name != self._sole.name:
            raise ManagedElsewhere(self._sole.name)
        if self._is_erased:
            raise NotFound("index", definition.name)
        there = replace(definition, uid=self._sole.uid, name=self._sole.uid)
        return self._called(super().create(there))

    def retune(self, uid: str, wanted: Blueprint, revision: int | None = None) -> Standing:
        """See Record.retune."""
        return self._called(super().retune(uid, wanted, revision))

    def indexes(self) -> list[Standing]:
        """The index, when it is there."""
        try:
            return [self.standing(self._sole.uid)]
        except NotFound:
            return []

    def find(self, name: str) -> Standing:
        """The index, by its name or another one that it has here."""
        if name != self._sole.name and name not in self.aliases():
            raise NotFound("index", name, [self._sole.name])
        return self.standing(self._sole.uid)

    def standing(self, uid: str) -> Standing:
        """The index as it is now."""
        if uid != self._sole.uid:
            raise NotFound("index", uid)
        return self._called(super().standing(uid))

    def heads(self) -> dict[str, int]:
        """Version of the index, when it is there."""
        return {each.definition.uid: each.version for each in self.indexes()}

    def drop(self, uid: str) -> None:
        """Raises ManagedElsewhere."""
        raise ManagedElsewhere(self._sole.name)

    def erase(self, uid: str) -> int:
        """The index, which this process will not make again."""
        self._is_erased = True
        return super().erase(uid)

    def aliases(self) -> dict[str, str]:
        """Those of the file."""
        names = frozenset[str]() if self._nicknames is None else self._nicknames.value
        return dict.fromkeys(sorted(names - {self._sole.name}), self._sole.name)

    def point(self, alias: str, name: str) -> None:
        """Raises ManagedElsewhere."""
        raise ManagedElsewhere(self._sole.name)

    def unpoint(self, alias: str) -> None:
        """Raises ManagedElsewhere."""
        raise ManagedElsewhere(self._sole.name)

    def _called(self, standing: Standing) -> Standing:
        return replace(standing, definition=replace(standing.definition, name=self._sole.name))

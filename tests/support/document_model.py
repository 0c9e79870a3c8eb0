"""What an index must hold and answer: a dict of documents, scored one by one in float64."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np

from embedding_service.indexes.definition import Metric
from embedding_service.vectors import normalise

Metadata: TypeAlias = Mapping[str, Any] | None
Condition: TypeAlias = Callable[[Mapping[str, Any]], bool]
"""Whether a document's metadata, {} where it has none, are wanted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One document."""

    vector: tuple[float, ...]
    text: str | None
    metadata: Metadata


@dataclass
class Documents:
    """One index. Ids keep their order: that in which they were first given, removed or not."""

    metric: Metric
    version: int = 0
    entries: dict[str, tuple[int, Entry]] = field(default_factory=dict)
    """Version and document by id."""
    _order: dict[str, int] = field(default_factory=dict)
    _given: int = 0
    """Places in that order, those that are free again too."""

    def put(self, given: Sequence[tuple[str, Entry]]) -> None:
        """Of one id twice the last counts, in its own place."""
        last = {id_: place for place, (id_, _) in enumerate(given)}
        for place in sorted(last.values()):
            id_, entry = given[place]
            self.version += 1
            self.entries[id_] = (self.version, entry)
            if id_ not in self._order:
                self._given += 1
                self._order[id_] = self._given

    def remove(self, ids: Sequence[str]) -> list[str]:
        """The ids that were there."""
        there = [id_ for id_ in dict.fromkeys(ids) if id_ in self.entries]
        for id_ in there:
            del self.entries[id_]
        self.version += len(there)
        return there

    def remove_where(self, condition: Condition) -> list[str]:
        """The ids of the documents that were removed."""
        return self.remove([id_ for id_ in self.by_age() if self._passes(id_, condition)])

    def forget_removed(self) -> int:
        """An id that was removed and comes back is a new one from now on; how many these are."""
        known = len(self._order)
        self._order = {id_: self._order[id_] for id_ in self.entries}
        return known - len(self._order)

    def copy(self) -> "Documents":
        """As it is now."""
        return replace(self, entries=dict(self.entries), _order=dict(self._order))

    def restore(self, other: "Documents") -> tuple[int, int]:
        """Become what another one of the metric was, by new versions of what differs.

        Returns how many were put and how many removed.
        """
        extra = self.remove([id_ for id_ in self.by_age() if id_ not in other.entries])
        differing = [
            (id_, other.entries[id_][1])
            for id_ in other.by_age()
            if id_ not in self.entries or not self._is_alike(other.entries[id_][1], id_)
        ]
        self.put(differing)
        return len(differing), len(extra)

    def by_age(self) -> list[str]:
        """All ids, oldest first."""
        return sorted(self.entries, key=self._order.__getitem__)

    def list_versions(self) -> list[tuple[str, int]]:
        """Ids and versions, oldest id first."""
        return [(id_, self.entries[id_][0]) for id_ in self.by_age()]

    def search(
        self, query: Sequence[float], condition: Condition | None = None
    ) -> list[tuple[str, float]]:
        """Ids and scores of all that pass, nearest first, of equals the older first."""
        sign = 1 if self.metric.is_distance else -1
        scored = [
            (id_, self._score(self.entries[id_][1].vector, query))
            for id_ in self.by_age()
            if condition is None or self._passes(id_, condition)
        ]
        return sorted(scored, key=lambda each: sign * each[1])

    def stored(self, vector: Sequence[float]) -> list[float]:
        """A vector as it is kept."""
        row = np.array([vector], dtype=np.float32)
        kept: list[float] = (normalise(row) if self.metric is Metric.COSINE else row)[0].tolist()
        return kept

    def _is_alike(self, entry: Entry, id_: str) -> bool:
        """To the byte, as it is kept: metadata in another order are others."""
        own = self.entries[id_][1]
        return (own.text, self.stored(own.vector)) == (
            entry.text,
            self.stored(entry.vector),
        ) and json.dumps(own.metadata) == json.dumps(entry.metadata)

    def _score(self, vector: Sequence[float], query: Sequence[float]) -> float:
        """In float64, then as float32: equal rows have equal scores."""
        one, other = np.array(self.stored(vector)), np.array(self.stored(query))
        score = np.sqrt(((one - other) ** 2).sum()) if self.metric.is_distance else one @ other
        return float(np.float32(score))

    def _passes(self, id_: str, condition: Condition) -> bool:
        return condition(self.entries[id_][1].metadata or {})

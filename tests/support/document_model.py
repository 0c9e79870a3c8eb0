"""What an index must hold and answer: a dict of documents, scored one by one in float64."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
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

    def put(self, given: Sequence[tuple[str, Entry]]) -> None:
        """Of one id twice the last counts, in its own place."""
        last = {id_: place for place, (id_, _) in enumerate(given)}
        for place in sorted(last.values()):
            id_, entry = given[place]
            self.version += 1
            self.entries[id_] = (self.version, entry)
            self._order.setdefault(id_, len(self._order))

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

    def by_age(self) -> list[str]:
        """All ids, oldest first."""
        return sorted(self.entries, key=self._order.__getitem__)

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

    def _score(self, vector: Sequence[float], query: Sequence[float]) -> float:
        """In float64, then as float32: equal rows have equal scores."""
        one, other = np.array(self.stored(vector)), np.array(self.stored(query))
        score = np.sqrt(((one - other) ** 2).sum()) if self.metric.is_distance else one @ other
        return float(np.float32(score))

    def _passes(self, id_: str, condition: Condition) -> bool:
        return condition(self.entries[id_][1].metadata or {})

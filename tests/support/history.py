"""What many did to one index at once, and whether every answer is that of one moment.

A write tells which versions it took, and a search the version that it saw, so that there is one
order of all writes, and one right answer to each search (linearizability as in Herlihy and Wing,
1990, with the order given instead of sought).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from embedding_service.retrieval.requests import Answer
from embedding_service.vectors import Matrix

Condition: TypeAlias = Callable[[int], bool]
"""Whether a document's number passes a filter."""


@dataclass(frozen=True, slots=True)
class Written:
    """A document as a write has left it."""

    vector: tuple[float, ...]
    text: str
    number: int
    """Its one field."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One search by inner product, and its answer."""

    query: tuple[float, ...]
    top_k: int
    condition: Condition
    answer: Answer
    acknowledged: int
    """Highest version that had been answered before it was asked."""


@dataclass
class History:
    """All of one run."""

    writes: dict[int, tuple[str, Written | None]] = field(default_factory=dict)
    """By version; None is a removal."""
    searches: list[Asked] = field(default_factory=list)
    copies: dict[int, dict[str, str]] = field(default_factory=dict)
    """Snapshots by version: texts by id."""
    acknowledged: int = 0

    def tell(self, version: int, written: Sequence[tuple[str, Written | None]]) -> None:
        """A write has been answered with the last of its versions."""
        first = version - len(written) + 1
        for own, change in enumerate(written, start=first):
            assert own not in self.writes, f"two writes have version {own}"
            self.writes[own] = change
        self.acknowledged = max(self.acknowledged, version)

    def check(self) -> None:
        """Assert that every answer is right for the version that it tells."""
        versions = sorted(self.writes)
        assert versions == list(range(1, len(versions) + 1)), "a version is nobody's"
        state: dict[str, Written] = {}
        moments = {0, *versions}
        asked = _by_version((each.answer.version, each) for each in self.searches)
        assert asked.keys() | self.copies.keys() <= moments
        for version in sorted(moments):
            if version:
                id_, written = self.writes[version]
                state.pop(id_, None)
                if written is not None:
                    state[id_] = written
            if version in self.copies:
                texts = {id_: each.text for id_, each in state.items()}
                assert self.copies[version] == texts, f"a snapshot at {version} is another's"
            if version in asked:
                _check_searches(asked[version], state)


def _by_version(pairs: Iterable[tuple[int, Asked]]) -> dict[int, list[Asked]]:
    found: dict[int, list[Asked]] = {}
    for version, each in pairs:
        found.setdefault(version, []).append(each)
    return found


def _check_searches(searches: Sequence[Asked], state: dict[str, Written]) -> None:
    matrix: Matrix = np.array([each.vector for each in state.values()], dtype=np.float32)
    for asked in searches:
        assert asked.answer.version >= asked.acknowledged, "an answered write was not seen"
        passing = [asked.condition(each.number) for each in state.values()]
        ids = {hit.id for hit in asked.answer.hits}
        assert len(ids) == len(asked.answer.hits) == min(asked.top_k, sum(passing))
        scores = [hit.score for hit in asked.answer.hits]
        assert scores == sorted(scores, reverse=True)
        for hit in asked.answer.hits:
            found = state[hit.id]
            assert (hit.text, asked.condition(found.number)) == (found.text, True)
            assert np.isclose(hit.score, np.dot(found.vector, asked.query), rtol=1e-5, atol=1e-6)
        if asked.answer.is_exact and any(passing):
            truth = matrix[passing].astype(np.float64) @ np.array(asked.query)
            best = np.sort(truth)[::-1][: asked.top_k]
            np.testing.assert_allclose(scores, best, rtol=1e-5, atol=1e-6)

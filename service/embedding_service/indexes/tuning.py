"""How an index is searched, beside by what: values, their bounds, and the reasons of those."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Self

EXACT_ROWS: Final = (1_000, 250_000)
"""Fewer are searched exactly in 0.03 ms, which no graph is worth; more, and those that wait for
their first graph come near MAX_UNBUILT_ROWS, at which adds are refused: ask for `flat`."""
RECALL: Final = (0.8, 0.995)
"""Below, the least reach that is tried finds about as much: 0.77 of the nearest among 60,000 rows
of 384 dimensions in weak clusters. Above, the 2,000 rows that it is measured with do not tell it
from 1: ask for `flat`."""
M: Final = (8, 64)
"""Of 12,000 such rows M 8 finds 0.95 with an efSearch of 256, 16 finds 0.994, 32 and more find all.
With 64, the neighbours of a row take half a kB."""
EF_CONSTRUCTION: Final = (16, 512)
"""Twice the least M; and four times the default, with which a build takes two and a half times as
long and 0.001 more is found."""
NLIST: Final = (16, 16_384)
"""Fewer lists sort nothing out, since 8 are looked into at least; by rows alone there are more
only beyond 67 million."""
_LEVELS: Final = 16
"""Bytes of a row in HNSW beside its lowest level: of its level, where its neighbours begin, and its
share of the levels above."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Parameters of an engine, by the names that FAISS gives them."""

    exact_rows: int = 50_000
    """Rows up to which no graph is built: an exact search of 384 dimensions takes 3 ms then, on one
    core. Not of `flat`, which builds none. Less than a growing segment holds (segments/growing.py)
    changes nothing: a graph is built of sealed ones."""
    recall: float = 0.98
    """recall@10 below which a graph is not used; each is searched as far as it takes to find half
    of what is missing to 1 there, because other queries may find a little less."""
    m: int = 32
    """HNSW, FAISS's M: neighbours of a row, twice as many on the lowest level."""
    ef_construction: int = 128
    """HNSW, FAISS's efConstruction: rows that are kept in mind while a row's neighbours are looked
    for; at least twice M, or the lowest level is never full."""
    nlist: int | None = None
    """IVF, FAISS's nlist: lists that rows are sorted into, or one for 39 rows where that is less.
    None is two for each root of the rows."""

    @property
    def aim(self) -> float:
        """recall@10 that is looked for."""
        return (1 + self.recall) / 2

    @classmethod
    def of(cls, written: Mapping[str, Any]) -> Self:
        """From JSON; what a newer program has added is passed over."""
        known = {each.name for each in fields(cls)}
        return cls(**{name: value for name, value in written.items() if name in known})

    def as_json(self) -> dict[str, Any]:
        """To be read by `of`."""
        return asdict(self)


def count_link_bytes(m: int) -> int:
    """Memory of one row's neighbours in HNSW, as measured for an M of 8 to 64: 272 for 32."""
    return 2 * m * 4 + _LEVELS
